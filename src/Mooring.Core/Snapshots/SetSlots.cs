using System.Collections.Immutable;

namespace Mooring.Core.Snapshots;

/// <summary>The slots of a backend set that are in force, from which the next ones follow.</summary>
/// <param name="Full"><see cref="BackendSet.Slots"/>.</param>
/// <param name="Sparse"><see cref="BackendSet.Sparse"/>.</param>
public sealed record SetSlots(ImmutableArray<SlotAssignment> Full, ImmutableArray<SparseAssignment> Sparse)
{
    public static readonly SetSlots None = new([], []);
}
