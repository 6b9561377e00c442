using Mooring.Core.Snapshots;

namespace Mooring.Protocol.Snapshots;

/// <summary>What an agent accepts at most, so that a mistaken controller cannot fill its memory or its kernel.</summary>
public static class SnapshotLimits
{
    /// <summary>Bytes of one message from the controller; about ten thousand pools with ten endpoints each take 10 MB.</summary>
    public const int MaxControllerMessageBytes = 64 * 1024 * 1024;

    /// <summary>Bytes of one message from an agent.</summary>
    public const int MaxAgentMessageBytes = 4 * 1024 * 1024;

    public const int MaxNodes = 10_000;
    public const int MaxInterfacesPerNode = 256;
    public const int MaxVirtualIps = 50_000;
    public const int MaxAddressesPerVirtualIp = 64;
    public const int MaxPortsPerVirtualIp = 1024;
    public const int MaxSourceRangesPerVirtualIp = 1000;
    public const int MaxCandidatesPerAddress = 256;
    public const int MaxBackendSets = 100_000;
    public const int MaxBackendsPerSet = 10_000;

    /// <summary>Of all sets; ten thousand sets of ten are 100,000.</summary>
    public const int MaxBackends = 250_000;

    public const int MaxWeight = Backend.MaxWeight;
    public const int MaxHeartbeatKeys = 2;

    /// <summary>Problems reported for one refused snapshot; the rest is counted.</summary>
    public const int MaxProblems = 50;

    /// <summary>Longest name of an object, port or node: that of a DNS subdomain.</summary>
    public const int MaxNameLength = 253;
}
