using System.Collections.Immutable;

namespace Mooring.Core.Snapshots;

/// <summary>A node as its agent described it.</summary>
public sealed record NodePeer
{
    public required string Name { get; init; }

    public ImmutableArray<NodeInterface> Interfaces { get; init; } = [];

    /// <summary>
    /// Its agent is away for long: it takes no part in failover, but its kernel may go on forwarding to its pods.
    /// </summary>
    public bool Away { get; init; }
}
