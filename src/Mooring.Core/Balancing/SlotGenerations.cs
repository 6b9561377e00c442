using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Balancing;

/// <summary>
/// Leads the slots of a backend set from one generation to the next. A slot keeps its owner unless that left or has more than
/// its weight is due (<see cref="MaglevTable"/>). What is remembered is, slot by slot, the nodes that had it before, as long as
/// the set has an endpoint there that may still have flows.
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
        var slots = Owners(before, [.. backends.Select(backend => backend.Forwarded)], i => backends[i].NodeName, size);
        var owning = slots.ToHashSet();
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
            Owners = [.. slots.Select(owner => indexes[owner])],
        };
        return before is null ? next
            : SameOwners(before, next) ? before
            : Remember(before, next, all.Select(backend => backend.NodeName).ToHashSet(StringComparer.Ordinal));
    }

    /// <summary>By slot, the index of the backend that has it after <paramref name="before"/>.</summary>
    /// <param name="before">The generation in force, or null.</param>
    /// <param name="backends">All that take new flows, at least one, in their order.</param>
    /// <param name="nodeOf">By index; null for an endpoint outside the cluster.</param>
    /// <param name="size">A multiple of the size before.</param>
    internal static int[] Owners(
        SlotAssignment? before, ImmutableArray<ForwardedBackend> backends, Func<int, string?> nodeOf, int size)
    {
        var slots = MaglevTable.Empty(size);
        if (before is not null)
        {
            var indexes = new Dictionary<IPEndPoint, int>(backends.Length);
            for (var i = 0; i < backends.Length; i++)
            {
                indexes[new(backends[i].Address, backends[i].Port)] = i;
            }

            int[] owners = [.. before.Members.Select(member => indexes.GetValueOrDefault(member.EndPoint, -1))];
            var part = size / before.Size;
            for (var slot = 0; slot < size; slot++)
            {
                slots[slot] = owners[before.Owners[slot / part]];
            }
        }

        var due = SlotShares.Of(backends, size, MaglevTable.Held(slots, backends.Length));
        if (before is { Previous: not [] })
        {
            Return(slots, before, due, nodeOf);
        }

        MaglevTable.Fill(slots, backends, due);
        return slots;
    }

    /// <summary>Slots that are to be had go to an endpoint of the node that had them last: one that comes back has its flows again.</summary>
    private static void Return(int[] slots, SlotAssignment before, int[] due, Func<int, string?> nodeOf)
    {
        var held = MaglevTable.Held(slots, due.Length);
        var lacking = Enumerable.Range(0, due.Length).Where(i => held[i] < due[i] && nodeOf(i) is not null)
            .GroupBy(i => nodeOf(i)!, StringComparer.Ordinal).ToDictionary(node => node.Key, node => new Queue<int>(node), StringComparer.Ordinal);
        var part = slots.Length / before.Size;
        for (var slot = 0; slot < slots.Length && lacking.Count > 0; slot++)
        {
            var owner = slots[slot];
            if ((owner >= 0 && held[owner] <= due[owner])
                || before.HistoryOf(slot / part).FirstOrDefault() is not { } node || !lacking.TryGetValue(node, out var back))
            {
                continue;
            }

            if (owner >= 0)
            {
                held[owner]--;
            }

            slots[slot] = back.Peek();
            if (++held[back.Peek()] == due[back.Peek()])
            {
                back.Dequeue();
                if (back.Count == 0)
                {
                    lacking.Remove(node);
                }
            }
        }
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
