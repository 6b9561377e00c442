using System.Collections.Immutable;

namespace Mooring.Agent.DataPlane.Plans;

/// <summary>What the table says of a service in Direct mode.</summary>
/// <param name="Mark">Stands for the service, and tells how its slots are picked.</param>
/// <param name="Owners">Mark of the node by slot; 0: this one.</param>
/// <param name="Previous">Marks of nodes that may have older flows, by depth and then slot; 0: none.</param>
/// <param name="Served">This node has an endpoint for it.</param>
/// <param name="Closed">No endpoint anywhere takes new flows.</param>
internal sealed record DirectPlan(
    uint Mark, ImmutableArray<uint> Owners, ImmutableArray<ImmutableArray<uint>> Previous, bool Served, bool Closed)
{
    public bool Equals(DirectPlan? other) =>
        other is not null && Mark == other.Mark && Served == other.Served && Closed == other.Closed
        && Owners.AsSpan().SequenceEqual(other.Owners.AsSpan())
        && Enumerable.Range(0, Math.Max(Previous.Length, other.Previous.Length))
            .All(depth => At(Previous, depth).SequenceEqual(At(other.Previous, depth)));

    public override int GetHashCode() => HashCode.Combine(Mark, Owners.Length);

    /// <summary>Marks of a depth up to the last that there is, so that a list of none is no list.</summary>
    private static ReadOnlySpan<uint> At(ImmutableArray<ImmutableArray<uint>> previous, int depth) =>
        depth < previous.Length ? previous[depth].AsSpan().TrimEnd(0u) : [];
}
