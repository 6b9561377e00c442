using System.Collections.Immutable;

namespace Mooring.Core.Balancing;

/// <summary>Slots of a service: the index of the backend that each names. A flow's hash picks the slot.</summary>
public sealed record SlotTable(ImmutableArray<int> Backends)
{
    public static readonly SlotTable Empty = new([]);

    public int Size => Backends.Length;
}
