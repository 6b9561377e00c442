using System.Collections.Immutable;

namespace Mooring.Core.Snapshots;

/// <summary>A node as its agent described it.</summary>
public sealed record NodePeer
{
    public required string Name { get; init; }

    public ImmutableArray<NodeInterface> Interfaces { get; init; } = [];
}
