using System.Collections.Immutable;
using System.Net;

namespace Mooring.Core.Placement;

/// <summary>One address to place and the wishes of its VirtualIp.</summary>
public sealed record PlacementRequest
{
    public required IPAddress Address { get; init; }

    /// <summary>Labels a node must carry to hold the address; empty allows every node.</summary>
    public ImmutableDictionary<string, string> NodeSelector { get; init; } = ImmutableDictionary<string, string>.Empty;

    public ImmutableArray<NodePreference> PreferredNodes { get; init; } = [];

    /// <summary>Nodes with a ready endpoint when the policy needs one on the holder; null when it does not.</summary>
    public ImmutableHashSet<string>? LocalEndpointNodes { get; init; }

    /// <summary>
    /// A live holder keeps the address although another node ranks better. False gives it back to the best node.
    /// </summary>
    public bool Sticky { get; init; } = true;

    /// <summary>Node that somebody asked for by name: it comes first while it is eligible. Null for none.</summary>
    public string? RequestedNode { get; init; }
}
