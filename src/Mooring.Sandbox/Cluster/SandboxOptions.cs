using Mooring.Sandbox.Network;
using Mooring.Sandbox.Processes;

namespace Mooring.Sandbox.Cluster;

internal sealed record SandboxOptions
{
    public const int DefaultNodes = 3;
    public const int DefaultPodsPerNode = 2;

    public required SandboxName Name { get; init; }

    /// <summary>Where the API server keeps its objects; null for in memory.</summary>
    public string? DataDirectory { get; init; }

    public int Nodes { get; init; } = DefaultNodes;

    public int PodsPerNode { get; init; } = DefaultPodsPerNode;

    /// <summary>Every host is on a second LAN as well.</summary>
    public bool SecondLan { get; init; }

    /// <summary>False for the network, the API server and the pods alone, without controller and agents.</summary>
    public bool RunMooring { get; init; } = true;

    /// <summary>Further arguments of the controller.</summary>
    public IReadOnlyList<string> ControllerArguments { get; init; } = [];

    /// <summary>Files with CustomResourceDefinitions to apply at the start; null for those of the repository.</summary>
    public string? CrdDirectory { get; init; }

    /// <summary>Root of the run-time files, for tests; null for the usual place.</summary>
    public string? RuntimeRoot { get; init; }

    public ProgramLocator Programs { get; init; } = ProgramLocator.Default;
}
