using System.Collections.Immutable;

namespace Mooring.Core.DataPlane;

/// <summary>What the kernel of one node should do: plain data, computed from a snapshot and health verdicts.</summary>
public sealed record DataPlaneState
{
    public static readonly DataPlaneState Empty = new();

    /// <summary>The node the state is for.</summary>
    public string NodeName { get; init; } = "";

    /// <summary>Sorted by address, protocol, port; no two with the same three.</summary>
    public ImmutableArray<ForwardedService> Services { get; init; } = [];

    /// <summary>The other nodes, by name, when a service is in Direct mode; else empty.</summary>
    public ImmutableArray<DirectPeer> Peers { get; init; } = [];

    /// <summary>Largest packet of the smallest of this node's interfaces in bytes; what the tunnel has to fit into.</summary>
    public int Mtu { get; init; } = 1500;
}
