using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Mooring.Core.Balancing;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Tests.Balancing;

public sealed class SlotGenerationsTests
{
    [Fact]
    public void Advance_NothingChanged_IsTheSameGeneration()
    {
        var first = Advance(null, 1, [1, 2, 3], [1, 2, 3])!;

        Advance(first, 2, [1, 2, 3], [1, 2, 3]).ShouldBeSameAs(first);
        first.Generation.ShouldBe(1ul);
        first.Previous.ShouldBeEmpty();
    }

    [Fact]
    public void Advance_NodeAdded_MovedSlotsRememberTheirNode()
    {
        var first = Advance(null, 1, [1, 2], [1, 2])!;
        var second = Advance(first, 2, [1, 2, 3], [1, 2, 3])!;

        second.Generation.ShouldBe(2ul);
        for (var slot = 0; slot < second.Size; slot++)
        {
            var (before, after) = (first.OwnerOf(slot).Node, second.OwnerOf(slot).Node);
            second.HistoryOf(slot).ShouldBe(before == after ? [] : [before!]);
        }

        Enumerable.Range(0, second.Size).Count(slot => second.OwnerOf(slot).Node == "node-3").ShouldBeInRange(85, 86);
    }

    [Fact]
    public void Advance_NodeAddedAndTakenBack_EverySlotIsWhereItWas()
    {
        var first = Advance(null, 1, [1, 2], [1, 2])!;
        var third = Advance(Advance(first, 2, [1, 2, 3], [1, 2, 3]), 3, [1, 2, 3], [1, 2])!;

        Owners(third).ShouldBe(Owners(first));
    }

    [Fact]
    public void Advance_ManySteps_EveryNodeThatHadASlotIsKnownUpToThree()
    {
        int[][] steps = [[1], [1, 2], [1, 2, 3], [2, 3], [2, 3, 4]];
        var had = new Dictionary<int, List<string>>();
        SlotAssignment? slots = null;
        ulong generation = 0;
        foreach (var step in steps)
        {
            slots = Advance(slots, ++generation, [1, 2, 3, 4], step)!;
            for (var slot = 0; slot < slots.Size; slot++)
            {
                var list = had.TryGetValue(slot, out var known) ? known : had[slot] = [];
                list.Remove(slots.OwnerOf(slot).Node!);
                list.Add(slots.OwnerOf(slot).Node!);
            }
        }

        for (var slot = 0; slot < slots!.Size; slot++)
        {
            slots.HistoryOf(slot).ShouldBe(had[slot].AsEnumerable().Reverse().Skip(1).Take(SlotAssignment.MaxHistory));
        }
    }

    [Fact]
    public void Advance_NodeWithoutEndpoints_IsForgotten()
    {
        var first = Advance(null, 1, [1, 2], [1, 2]);
        var second = Advance(first, 2, [2, 3], [2, 3])!;

        second.PreviousNodes.ShouldNotContain("node-1", "nothing there can have a flow any more");
    }

    [Fact]
    public void Advance_PoolGrows_SlotsAreSplitAndRemember()
    {
        var small = Advance(null, 1, [1, 2], [1, 2])!;
        var all = Enumerable.Range(1, 40).ToArray();
        var large = Advance(small, 2, all, all)!;

        small.Size.ShouldBe(256);
        large.Size.ShouldBe(1024);
        for (var slot = 0; slot < large.Size; slot++)
        {
            var before = small.OwnerOf(slot / 4).Node!;
            (large.OwnerOf(slot).Node == before || large.HistoryOf(slot).First() == before).ShouldBeTrue();
        }

        Advance(large, 3, all, [1, 2])!.Size.ShouldBe(1024, "a table never shrinks: flows would not find their slots");
    }

    [Fact]
    public void Advance_NobodyFit_StaysForTheFlowsThatAre()
    {
        var first = Advance(null, 1, [1, 2], [1, 2]);

        Advance(first, 2, [1, 2], []).ShouldBeSameAs(first);
        Advance(null, 1, [1, 2], []).ShouldBeNull();
    }

    private static IEnumerable<string?> Owners(SlotAssignment slots) =>
        Enumerable.Range(0, slots.Size).Select(slot => slots.OwnerOf(slot).Node);

    private static SlotAssignment? Advance(SlotAssignment? before, ulong generation, int[] all, int[] ready) =>
        SlotGenerations.Advance(
            before,
            AddressFamily.InterNetwork,
            [.. all.Select(node => new Backend
            {
                Address = new IPAddress([10, 71, (byte)node, 2]),
                Port = 8080,
                NodeName = $"node-{node}",
                Condition = ready.Contains(node) ? BackendCondition.Ready : BackendCondition.Draining,
            })],
            backend => backend.Condition == BackendCondition.Ready,
            generation);
}
