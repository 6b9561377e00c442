using System.Collections.Immutable;

namespace Mooring.Core.DataPlane;

/// <summary>What the kernel of one node should do: plain data, computed from a snapshot and health verdicts.</summary>
public sealed record DataPlaneState
{
    public static readonly DataPlaneState Empty = new();

    /// <summary>Sorted by address, protocol, port; no two with the same three.</summary>
    public ImmutableArray<ForwardedService> Services { get; init; } = [];
}
