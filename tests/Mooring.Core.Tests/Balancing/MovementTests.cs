using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Mooring.Core.Balancing;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Tests.Balancing;

/// <summary>
/// Which flows move when an endpoint of a published table goes: those of a full table as their slots do, those of a sparse one
/// when a slot on their way is taken or left.
/// </summary>
public sealed class MovementTests
{
    public static TheoryData<AddressFamily, bool> Families => new()
    {
        { AddressFamily.InterNetwork, false },
        { AddressFamily.InterNetwork, true },
        { AddressFamily.InterNetworkV6, false },
        { AddressFamily.InterNetworkV6, true },
    };

    [Theory]
    [MemberData(nameof(Families))]
    public void Full_OneEndpointLess_SlotsOfTheOthersStay(AddressFamily family, bool weighted)
    {
        foreach (var count in Counts())
        {
            var all = Backends(family, count, weighted);
            var before = Full(null, all)!;
            var gone = all[count / 2];

            var after = Full(before, all.Remove(gone))!;

            Moved(before, after, gone).ShouldBe(0, $"of {before.Size} slots with {count} endpoints");
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Full_EachEndpointOfManySets_SlotsOfTheOthersStay(AddressFamily family, bool weighted)
    {
        foreach (var (count, set) in Sets())
        {
            var all = Backends(family, count, weighted, set);
            var before = Full(null, all)!;
            foreach (var gone in all)
            {
                Moved(before, Full(before, all.Remove(gone))!, gone).ShouldBe(0, $"with {count} endpoints, set {set}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Full_EndpointsComeAndGo_SharesStayWithinASlotAndOnlyWhatIsDueMoves(AddressFamily family, bool weighted)
    {
        var random = new Random(7);
        var all = Backends(family, 40, weighted);
        var current = all[..20];
        var slots = Full(null, current)!;
        for (var step = 0; step < 300; step++)
        {
            var next = current.Length < 38 && (current.Length < 5 || random.Next(2) == 0)
                ? current.Add(all.Except(current).First())
                : current.RemoveAt(random.Next(current.Length));
            var after = Full(slots, next)!;

            var total = next.Sum(backend => backend.Weight);
            var held = after.Owners.CountBy(owner => after.Members[owner].EndPoint).ToDictionary();
            foreach (var backend in next)
            {
                Math.Abs(held[backend.EndPoint] - (after.Size * (double)backend.Weight / total)).ShouldBeLessThan(1);
            }

            if (slots.Size == after.Size)
            {
                var before = slots;
                var changed = current.Except(next).Concat(next.Except(current)).Select(backend => backend.EndPoint).ToHashSet();
                Enumerable.Range(0, after.Size).Count(slot => before.OwnerOf(slot) != after.OwnerOf(slot)
                        && !changed.Contains(before.OwnerOf(slot).EndPoint) && !changed.Contains(after.OwnerOf(slot).EndPoint))
                    .ShouldBe(0);
            }

            (current, slots) = (next, after);
        }
    }

    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void Sparse_OneEndpointLess_NoFlowOfTheOthersMoves(AddressFamily family)
    {
        foreach (var count in Counts())
        {
            var all = Backends(family, count, weighted: false);
            var before = SparsePlaces.Advance(null, family, all)!;
            var gone = all[count / 3];

            var after = SparsePlaces.Advance(before, family, all.Remove(gone))!;

            Moved(Service(all, before), Service(all.Remove(gone), after), 200).ShouldBe(0, $"with {count} endpoints");
        }
    }

    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void Sparse_OneEndpointMore_FlowsMoveToItAlone(AddressFamily family)
    {
        foreach (var count in Counts())
        {
            var all = Backends(family, count + 1, weighted: false);
            var fewer = all.RemoveAt(count / 3);
            var before = SparsePlaces.Advance(null, family, fewer)!;

            var after = SparsePlaces.Advance(before, family, all)!;

            after.Size.ShouldBe(before.Size);
            Moved(Service(all, after), Service(fewer, before), 200).ShouldBe(0, $"with {count} endpoints");
        }
    }

    /// <summary>Size and slots begin anew only where a table is nearly full, or nearly empty.</summary>
    [Fact]
    public void Sparse_PoolGrowsAndShrinks_SizeChangesSeldom()
    {
        const int Most = 1000;
        var all = Backends(AddressFamily.InterNetwork, Most, weighted: false);
        SparseAssignment? slots = null;
        var sizes = new List<int>();
        foreach (var count in Enumerable.Range(1, Most).Concat(Enumerable.Range(1, Most).Reverse()))
        {
            slots = SparsePlaces.Advance(slots, AddressFamily.InterNetwork, all[..count])!;
            slots.Places.Distinct().Count().ShouldBe(count);
            if (sizes.Count == 0 || sizes[^1] != slots.Size)
            {
                sizes.Add(slots.Size);
            }
        }

        sizes.ShouldBe([16, 64, 128, 256, 512, 1024, 2048, 1024, 512, 256, 128, 64, 32, 16]);
    }

    /// <summary>What a node does by a verdict of its own: the same on every node, and what the controller will publish.</summary>
    [Theory]
    [MemberData(nameof(Families))]
    public void Nat_OneEndpointUnfit_NoFlowOfTheOthersMovesAndNodesAgree(AddressFamily family, bool weighted)
    {
        foreach (var (count, set) in Sets())
        {
            var all = Backends(family, count, weighted, set);
            var full = weighted ? Full(null, all) : null;
            var sparse = weighted ? null : SparsePlaces.Advance(null, family, all);
            var rest = all.RemoveAt(count / 2);
            var after = Service(rest, sparse, full);

            var table = NatTable.Of(after);

            NatTable.Of(after with { Backends = [.. after.Backends.Select(backend => backend with { Local = true })] }).Slots.Backends
                .ShouldBe(table.Slots.Backends, "whichever node it is");
            var published = weighted
                ? Service(rest, null, Full(full, rest))
                : Service(rest, SparsePlaces.Advance(sparse, family, rest));
            NatTable.Of(published).Slots.Backends.ShouldBe(table.Slots.Backends, "as the controller will publish it");
            Moved(Service(all, sparse, full), after, 1000).ShouldBe(0);
        }
    }

    [Fact]
    public void Nat_FewFitOfMany_HaveATableOfTheirOwn()
    {
        var all = Backends(AddressFamily.InterNetwork, 100, weighted: false);
        var sparse = SparsePlaces.Advance(null, AddressFamily.InterNetwork, all);

        var table = NatTable.Of(Service(all[..5], sparse));

        table.Slots.Backends.ShouldBe(SparseTable.Build(Service(all[..5], null).Backends).Backends);
        table.Slots.Size.ShouldBe(17);
    }

    /// <summary>All up to 60, then every so many, with the sizes' borders among them.</summary>
    private static IEnumerable<int> Counts() =>
        Enumerable.Range(3, 58)
            .Concat(Enumerable.Range(0, 10).Select(i => 61 + (i * 97)))
            .Concat([102, 103, 163, 164, 204, 205, 409, 410, 819, 820, 1000]);

    private static IEnumerable<(int Count, int Set)> Sets() =>
        from count in (int[])[3, 4, 5, 6, 7, 10, 11, 13, 16, 25, 26, 40]
        from set in Enumerable.Range(0, 3)
        select (count, set);

    private static SlotAssignment? Full(SlotAssignment? before, ImmutableArray<Backend> all) =>
        SlotGenerations.Advance(before, all[0].Address.AddressFamily, all, _ => true, (before?.Generation ?? 0) + 1);

    private static ForwardedService Service(ImmutableArray<Backend> backends, SparseAssignment? sparse, SlotAssignment? full = null) => new()
    {
        VirtualIp = new NamespacedName("default", "web"),
        Address = IPAddress.Parse("10.70.0.100"),
        Protocol = TransportProtocol.Tcp,
        Port = 80,
        Backends = [.. backends.Select(backend => new ForwardedBackend(backend.Address, backend.Port, backend.Weight, Local: false))],
        Sparse = sparse,
        Slots = full,
    };

    /// <summary>Slots of others that have another owner.</summary>
    private static int Moved(SlotAssignment before, SlotAssignment after, Backend gone) => Enumerable.Range(0, before.Size).Count(slot =>
        !before.OwnerOf(slot).EndPoint.Equals(gone.EndPoint) && before.OwnerOf(slot) != after.OwnerOf(slot));

    /// <summary>Flows whose endpoint is in both, and another one after.</summary>
    private static int Moved(ForwardedService before, ForwardedService after, int flows)
    {
        var (from, to) = (NatTable.Of(before), NatTable.Of(after));
        var stay = after.Backends.Select(backend => backend.Address).ToHashSet();
        return Enumerable.Range(0, flows).Count(flow =>
        {
            var was = before.Backends[Find(from, flow)].Address;
            return stay.Contains(was) && !was.Equals(after.Backends[Find(to, flow)].Address);
        });
    }

    private static int Find(NatTable table, int flow)
    {
        return table.Slots.Backends[table.Sparse ? SparseTable.Find(table.Slots, Slot) : Slot(table.Slots.Size, SlotHash.Seed)];

        int Slot(int slots, uint seed) =>
            SlotHash.OfFlow(new IPAddress([10, 1, (byte)(flow >> 8), (byte)flow]), (ushort)(1024 + flow), slots, seed);
    }

    /// <summary>In their order; weights 1 to 7 where they differ.</summary>
    private static ImmutableArray<Backend> Backends(AddressFamily family, int count, bool weighted, int set = 0) =>
    [
        .. Enumerable.Range(0, count).Select(i => new Backend
        {
            Address = IPAddress.Parse(
                family == AddressFamily.InterNetwork ? $"10.{71 + set}.{i / 250}.{(i % 250) + 1}" : $"fd00:{71 + set}:{i / 250:x}::{(i % 250) + 1:x}"),
            Port = 8080,
            NodeName = $"node-{i}",
            Weight = weighted ? 1 + (i * 5 % 7) : 1,
            Condition = BackendCondition.Ready,
        }),
    ];
}
