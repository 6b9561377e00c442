using System.ComponentModel.DataAnnotations;
using Mooring.Core.Placement;
using Mooring.Telemetry;

namespace Mooring.Controller;

/// <summary>How the controller runs.</summary>
internal sealed class ControllerOptions : IValidatableObject
{
    public const string DefaultListen = "https://0.0.0.0:7946";
    public const string DefaultNamespace = "mooring-system";

    public static readonly TimeSpan DefaultAgentGrace = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan DefaultAdoptionGrace = TimeSpan.FromSeconds(5);

    public const string DefaultAgentServiceAccount = "mooring-agent";
    public static readonly TimeSpan DefaultAuthorityLifetime = TimeSpan.FromDays(365);
    public static readonly TimeSpan DefaultAuthorityOverlap = TimeSpan.FromHours(1);
    public static readonly TimeSpan DefaultCertificateLifetime = TimeSpan.FromHours(24);

    public static readonly TimeSpan DefaultHeartbeatKeyLifetime = TimeSpan.FromDays(30);

    public static readonly TimeSpan DefaultFailureHalfLife = TimeSpan.FromMinutes(1);

    /// <summary>Where agents connect: gRPC over HTTP/2, https:// unless <see cref="Insecure"/>.</summary>
    [Required(ErrorMessage = "--listen: set a URL such as " + DefaultListen)]
    [RegularExpression("^https?://[^/ ]+:[0-9]{1,5}/?$", ErrorMessage = "--listen: set a URL such as " + DefaultListen)]
    public string Listen { get; set; } = DefaultListen;

    /// <summary>Namespace of the leader's Lease and the heartbeat key.</summary>
    [Required(ErrorMessage = "--namespace: set the name of a namespace")]
    [RegularExpression("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", ErrorMessage = "--namespace: set the name of a namespace")]
    public string Namespace { get; set; } = DefaultNamespace;

    /// <summary>Lets <see cref="Listen"/> be http://: nothing is encrypted, and agents prove nothing. For tests.</summary>
    public bool Insecure { get; set; }

    /// <summary>The agents' ServiceAccount, in <see cref="Namespace"/>.</summary>
    [Required(ErrorMessage = "--agent-service-account: set the name of the agents' ServiceAccount")]
    public string AgentServiceAccount { get; set; } = DefaultAgentServiceAccount;

    /// <summary>How long a certificate authority lives, 10 s to 10 years; replaced after two thirds of it.</summary>
    public TimeSpan AuthorityLifetime { get; set; } = DefaultAuthorityLifetime;

    /// <summary>How long agents trust two authorities before the new one signs, and after; 1 s to 7 days.</summary>
    public TimeSpan AuthorityOverlap { get; set; } = DefaultAuthorityOverlap;

    /// <summary>How long the certificate that agents see lives, 3 s to 1 year; replaced after two thirds of it.</summary>
    public TimeSpan CertificateLifetime { get; set; } = DefaultCertificateLifetime;

    /// <summary>How long a heartbeat key signs before it is replaced, up to 10 years; 0 replaces it on request alone.</summary>
    public TimeSpan HeartbeatKeyLifetime { get; set; } = DefaultHeartbeatKeyLifetime;

    /// <summary>How often the token of a stream is reviewed again.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00", ErrorMessage = "TokenReviewInterval: set it from 100ms to 24h")]
    public TimeSpan TokenReviewInterval { get; set; } = TimeSpan.FromMinutes(5);

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

    /// <summary>Services of type LoadBalancer that name no class are served too.</summary>
    public bool DefaultLoadBalancer { get; set; }

    /// <summary>A cordoned node gives up its addresses, as one with the drain annotation does.</summary>
    public bool CordonDrains { get; set; }

    /// <summary>A node that has more addresses than its share gives up those that it has too many.</summary>
    public bool Rebalance { get; set; }

    /// <summary>Planned moves under way at a time in the whole cluster, 1 to 1000.</summary>
    public int MaxMovesInFlight { get; set; } = MoveOptions.DefaultMaxInFlight;

    /// <summary>How long another node must have been the better one before it gets an address, 0 to 1 h.</summary>
    public TimeSpan FailbackDelay { get; set; } = MoveOptions.DefaultFailbackDelay;

    /// <summary>How long a planned move may take before it is given up for a while, 1 s to 5 min.</summary>
    public TimeSpan MoveTimeout { get; set; } = MoveOptions.DefaultTimeout;

    /// <summary>How long a node that failed once ranks behind the others, longer after repeated failures; 0 to 1 h.</summary>
    public TimeSpan FailureHalfLife { get; set; } = DefaultFailureHalfLife;

    /// <summary>How long a candidate waits for a silent leader.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00", ErrorMessage = "LeaseDuration: set it from 1s to 10m")]
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>URL that answers /healthz, /readyz and /metrics; empty for none.</summary>
    public string OperationsListen { get; set; } = "";

    /// <summary>URL of the OpenTelemetry collector that gets the metrics; empty for none.</summary>
    public string OtlpEndpoint { get; set; } = "";

    /// <summary>What an attribute's message would not say: the name of the option on the command line.</summary>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!Insecure && Listen.StartsWith("http:", StringComparison.Ordinal))
        {
            yield return new ValidationResult("--listen: set a URL with https://, or give --insecure too", [nameof(Listen)]);
        }

        if (AuthorityLifetime < TimeSpan.FromSeconds(10) || AuthorityLifetime > TimeSpan.FromDays(3660))
        {
            yield return new ValidationResult("--ca-lifetime: set it from 10s to 87840h", [nameof(AuthorityLifetime)]);
        }

        if (AuthorityOverlap < TimeSpan.FromSeconds(1) || AuthorityOverlap > TimeSpan.FromDays(7)
            || AuthorityOverlap > AuthorityLifetime / 6)
        {
            yield return new ValidationResult(
                "--ca-overlap: set it from 1s to 168h, and to a sixth of --ca-lifetime at most", [nameof(AuthorityOverlap)]);
        }

        if (CertificateLifetime < TimeSpan.FromSeconds(3) || CertificateLifetime > TimeSpan.FromDays(366))
        {
            yield return new ValidationResult("--certificate-lifetime: set it from 3s to 8784h", [nameof(CertificateLifetime)]);
        }

        if (HeartbeatKeyLifetime < TimeSpan.Zero || HeartbeatKeyLifetime > TimeSpan.FromDays(3660))
        {
            yield return new ValidationResult("--heartbeat-key-lifetime: set it from 0s to 87840h", [nameof(HeartbeatKeyLifetime)]);
        }

        if (MaxMovesInFlight is < 1 or > 1000)
        {
            yield return new ValidationResult("--max-moves: set it from 1 to 1000", [nameof(MaxMovesInFlight)]);
        }

        if (FailbackDelay < TimeSpan.Zero || FailbackDelay > TimeSpan.FromHours(1))
        {
            yield return new ValidationResult("--failback-delay: set it from 0s to 1h", [nameof(FailbackDelay)]);
        }

        if (FailureHalfLife < TimeSpan.Zero || FailureHalfLife > TimeSpan.FromHours(1))
        {
            yield return new ValidationResult("--failure-memory: set it from 0s to 1h", [nameof(FailureHalfLife)]);
        }

        foreach (var invalid in new OperationsOptions { Listen = OperationsListen, OtlpEndpoint = OtlpEndpoint }.Validate(validationContext))
        {
            yield return invalid;
        }

        if (MoveTimeout < TimeSpan.FromSeconds(1) || MoveTimeout > TimeSpan.FromMinutes(5))
        {
            yield return new ValidationResult("MoveTimeout: set it from 1s to 5m", [nameof(MoveTimeout)]);
        }
    }
}
