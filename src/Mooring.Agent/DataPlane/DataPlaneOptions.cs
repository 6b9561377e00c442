using Mooring.Linux.Namespaces;

namespace Mooring.Agent.DataPlane;

/// <summary>How the nftables engine works.</summary>
internal sealed record DataPlaneOptions
{
    public const string DefaultTable = "mooring";

    /// <summary>Name of the <c>inet</c> table the engine owns. Nothing outside it is touched.</summary>
    public string Table { get; init; } = DefaultTable;

    /// <summary>Network namespace to program; null for the one of the process.</summary>
    public NetworkNamespace? Namespace { get; init; }

    /// <summary>Where the kernel's network settings are found.</summary>
    public string SysctlDirectory { get; init; } = "/proc/sys/net";

    /// <summary>Largest number of elements in one kernel transaction of a bulk load; a service is never split.</summary>
    public int MaxElementsPerTransaction { get; init; } = 20_000;
}
