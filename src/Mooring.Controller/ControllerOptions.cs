using System.ComponentModel.DataAnnotations;

namespace Mooring.Controller;

/// <summary>How the controller runs.</summary>
internal sealed class ControllerOptions
{
    public const string DefaultListen = "http://0.0.0.0:7946";
    public const string DefaultNamespace = "mooring-system";

    public static readonly TimeSpan DefaultAgentGrace = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan DefaultAdoptionGrace = TimeSpan.FromSeconds(5);

    /// <summary>Where agents connect: gRPC over HTTP/2 without TLS.</summary>
    [Required(ErrorMessage = "--listen: set a URL such as " + DefaultListen)]
    [RegularExpression("^http://[^/ ]+:[0-9]{1,5}/?$", ErrorMessage = "--listen: set a URL such as " + DefaultListen)]
    public string Listen { get; set; } = DefaultListen;

    /// <summary>Namespace of the leader's Lease and the heartbeat key.</summary>
    [Required(ErrorMessage = "--namespace: set the name of a namespace")]
    [RegularExpression("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", ErrorMessage = "--namespace: set the name of a namespace")]
    public string Namespace { get; set; } = DefaultNamespace;

    /// <summary>False runs without a Lease: only where there is one replica.</summary>
    public bool LeaderElect { get; set; } = true;

    /// <summary>Name of this replica in the Lease and in Events.</summary>
    [Required(ErrorMessage = "--identity: set a name that no other replica has")]
    public string Identity { get; set; } = Environment.MachineName;

    /// <summary>How long an agent that went away is expected back before its node is given up, 1 s to 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00", ErrorMessage = "AgentGrace: set it from 100ms to 10m")]
    public TimeSpan AgentGrace { get; set; } = DefaultAgentGrace;

    /// <summary>
    /// How long a new leader waits for the agents that were there before, so that it places nothing in ignorance of
    /// who holds what, 0 to 1 min.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00", ErrorMessage = "AdoptionGrace: set it from 0s to 1m")]
    public TimeSpan AdoptionGrace { get; set; } = DefaultAdoptionGrace;

    /// <summary>How long a candidate waits for a silent leader.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00", ErrorMessage = "LeaseDuration: set it from 1s to 10m")]
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(15);
}
