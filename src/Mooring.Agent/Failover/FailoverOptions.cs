namespace Mooring.Agent.Failover;

internal sealed class FailoverOptions
{
    /// <summary>UDP port of the heartbeats, the same on all nodes.</summary>
    public const int DefaultPort = 7947;

    public static readonly TimeSpan DefaultStopTimeout = TimeSpan.FromSeconds(3);

    /// <summary>Name of this node as in the snapshot.</summary>
    public required string NodeName { get; init; }

    /// <summary>UDP port, 1 to 65535.</summary>
    public int Port { get; init; } = DefaultPort;

    /// <summary>File that keeps the terms and the epoch over a restart.</summary>
    public string TermFile { get; init; } = "/var/lib/mooring/terms";

    /// <summary>How long a graceful stop may take to hand the addresses over.</summary>
    public TimeSpan StopTimeout { get; init; } = DefaultStopTimeout;
}
