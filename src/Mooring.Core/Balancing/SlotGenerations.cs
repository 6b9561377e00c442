using System.Collections.Immutable;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Balancing;

/// <summary>
/// Leads the slots of a backend set from one generation to the next. The owners follow from the endpoints alone
/// (<see cref="MaglevTable"/>); what is remembered is, slot by slot, the nodes that had it before, as long as the set has an
/// endpoint there that may still have flows.
/// </summary>
public static class SlotGenerations
{
    /// <param name="before">The generation in force, or null.</param>
    /// <param name="family">Of the endpoints that count.</param>
    /// <param name="all">All endpoints of the set.</param>
    /// <param name="fit">Whether one takes new flows.</param>
    /// <param name="generation">Number of the next generation, larger than all before.</param>
    /// <returns>
    /// <paramref name="before"/> itself when nothing changes. With no endpoint left it stays too: established flows go on.
    /// </returns>
    public static SlotAssignment? Advance(
        SlotAssignment? before, AddressFamily family, ImmutableArray<Backend> all, Func<Backend, bool> fit, ulong generation)
    {
        var backends = all.Where(backend => backend.Address.AddressFamily == family && backend.Weight > 0 && fit(backend))
            .Select(backend => (Forwarded: new ForwardedBackend(backend.Address, backend.Port, backend.Weight, Local: false), backend.NodeName))
            .OrderBy(backend => backend.Forwarded, BackendOrder.Instance)
            .ToArray();
        if (backends.Length == 0)
        {
            return before;
        }

        // A table never shrinks and grows by powers of two, so that a slot of the new one lies in one slot of the old.
        var size = Math.Max(before?.Size ?? 0, SlotTableSize.Published(backends.Length));
        var table = MaglevTable.Build([.. backends.Select(backend => backend.Forwarded)], size);
        var owning = table.Backends.ToHashSet();
        var indexes = new ushort[backends.Length];
        var members = ImmutableArray.CreateBuilder<SlotMember>(owning.Count);
        for (var i = 0; i < backends.Length; i++)
        {
            if (owning.Contains(i))
            {
                indexes[i] = (ushort)members.Count;
                members.Add(new SlotMember(new(backends[i].Forwarded.Address, backends[i].Forwarded.Port), backends[i].NodeName));
            }
        }

        var next = new SlotAssignment
        {
            Family = family,
            Generation = generation,
            Members = members.ToImmutable(),
            Owners = [.. table.Backends.Select(backend => indexes[backend])],
        };
        return before is null ? next
            : SameOwners(before, next) ? before
            : Remember(before, next, all.Select(backend => backend.NodeName).ToHashSet(StringComparer.Ordinal));
    }

    private static bool SameOwners(SlotAssignment before, SlotAssignment next) =>
        before.Members.SequenceEqual(next.Members) && before.Owners.AsSpan().SequenceEqual(next.Owners.AsSpan());

    private static SlotAssignment Remember(SlotAssignment before, SlotAssignment next, HashSet<string?> nodesWithEndpoints)
    {
        var nodes = new List<string>();
        var previous = new List<ushort[]>();
        var part = next.Size / before.Size;
        for (var slot = 0; slot < next.Size; slot++)
        {
            var owner = next.OwnerOf(slot).Node;
            var history = before.HistoryOf(slot / part).Prepend(before.OwnerOf(slot / part).Node)
                .Where(node => node is not null && node != owner && nodesWithEndpoints.Contains(node))
                .Distinct()
                .Take(SlotAssignment.MaxHistory);
            var depth = 0;
            foreach (var node in history)
            {
                if (previous.Count <= depth)
                {
                    previous.Add(new ushort[next.Size]);
                }

                previous[depth++][slot] = (ushort)(IndexOf(node!) + 1);
            }
        }

        return next with
        {
            PreviousNodes = [.. nodes],
            Previous = [.. previous.Select(ImmutableCollectionsMarshal.AsImmutableArray)],
        };

        int IndexOf(string node)
        {
            var index = nodes.IndexOf(node);
            if (index < 0)
            {
                index = nodes.Count;
                nodes.Add(node);
            }

            return index;
        }
    }
}
