using System.Collections.Immutable;
using System.Net.Sockets;

namespace Mooring.Core.Snapshots;

/// <summary>
/// Which endpoint each slot of a backend set belongs to, for one address family, as the controller published it: the same
/// on every node. Forwarding in Direct mode goes by it.
/// </summary>
public sealed record SlotAssignment
{
    public const int MaxSlots = 65_536;

    /// <summary>Nodes that are remembered for a slot.</summary>
    public const int MaxHistory = 3;

    public required AddressFamily Family { get; init; }

    /// <summary>Revision of the snapshot in which the slots changed last.</summary>
    public required ulong Generation { get; init; }

    /// <summary>Endpoints that own slots, by address, then port; at most 65,535.</summary>
    public required ImmutableArray<SlotMember> Members { get; init; }

    /// <summary>By slot, the index of its owner in <see cref="Members"/>. A power of two long.</summary>
    public required ImmutableArray<ushort> Owners { get; init; }

    /// <summary>Nodes that <see cref="Previous"/> refers to.</summary>
    public ImmutableArray<string> PreviousNodes { get; init; } = [];

    /// <summary>
    /// The nodes that had each slot before, last one first: in the first list, by slot, one more than the index in
    /// <see cref="PreviousNodes"/> of the node that had it before its node changed last, 0 for none; in the second the one
    /// before that, and so on. Up to <see cref="MaxHistory"/> lists, none where no slot has so many.
    /// </summary>
    public ImmutableArray<ImmutableArray<ushort>> Previous { get; init; } = [];

    public int Size => Owners.Length;

    public SlotMember OwnerOf(int slot) => Members[Owners[slot]];

    /// <summary>Nodes that had the slot before, last one first.</summary>
    public IEnumerable<string> HistoryOf(int slot)
    {
        foreach (var previous in Previous)
        {
            if (previous[slot] == 0)
            {
                yield break;
            }

            yield return PreviousNodes[previous[slot] - 1];
        }
    }
}
