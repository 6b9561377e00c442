namespace Mooring.Agent;

/// <summary>What the command line and MOORING_* variables say.</summary>
internal sealed class AgentOptions
{
    public const int DefaultHeartbeatPort = 7947;
    public const int DefaultVerdictPort = 7948;
    public const string DefaultStateDirectory = "/var/lib/mooring";

    public const string DefaultAuthorityFile = "/var/run/secrets/mooring/ca.crt";
    public const string DefaultTokenFile = "/var/run/secrets/mooring/token";

    /// <summary>Name of this node in the cluster.</summary>
    public string NodeName { get; set; } = "";

    /// <summary>Where controllers listen, <c>https://host:port</c>; tried in turn.</summary>
    public IReadOnlyList<string> Controllers { get; set; } = [];

    /// <summary>The authorities that controllers' certificates are of, PEM; read for every connection.</summary>
    public string AuthorityFile { get; set; } = DefaultAuthorityFile;

    /// <summary>This agent's token; read for every connection.</summary>
    public string TokenFile { get; set; } = DefaultTokenFile;

    /// <summary>Allows <c>http://</c>: nothing is encrypted, and neither side proves anything. For tests.</summary>
    public bool Insecure { get; set; }

    /// <summary>Holds the last snapshot and the terms used; must survive a restart.</summary>
    public string StateDirectory { get; set; } = DefaultStateDirectory;

    /// <summary>Interfaces to announce on; empty for every one that has an address.</summary>
    public IReadOnlyList<string> Interfaces { get; set; } = [];

    /// <summary>UDP port of the heartbeats, the same on all nodes.</summary>
    public int HeartbeatPort { get; set; } = DefaultHeartbeatPort;

    /// <summary>UDP port over which agents tell each other what their health checks found, the same on all nodes.</summary>
    public int VerdictPort { get; set; } = DefaultVerdictPort;

    /// <summary>Directory of the programs that checks of type Exec may run; null runs none.</summary>
    public string? CheckDirectory { get; set; }

    /// <summary>Networks (CIDR): health checks come from the node's address within the first that has one; empty: as its routes choose.</summary>
    public IReadOnlyList<string> CheckSources { get; set; } = [];

    /// <summary>Ports that health checks come from, such as 40000-40999; empty for any.</summary>
    public string CheckSourcePorts { get; set; } = "";

    /// <summary>URL that answers /healthz, /readyz and /metrics; empty for none.</summary>
    public string OperationsListen { get; set; } = "";

    /// <summary>URL of the OpenTelemetry collector that gets the metrics; empty for none.</summary>
    public string OtlpEndpoint { get; set; } = "";
}
