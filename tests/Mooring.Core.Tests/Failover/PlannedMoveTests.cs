using Mooring.Core.Failover;
using Mooring.Core.Tests.Failover.Simulation;

namespace Mooring.Core.Tests.Failover;

/// <summary>An address goes to a node of choice, and something answers for it all along.</summary>
public sealed class PlannedMoveTests
{
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(2);
    private readonly SimCluster _cluster = new(seed: 1, nodes: 4, addresses: 1);
    private int _gaps;

    public PlannedMoveTests()
    {
        _cluster.Start();
        Settle();
        _gaps = 0;
    }

    [Fact]
    public void Move_ToTheLastInLine_GoesThereAndNowhereElseWithoutAGap()
    {
        _cluster.Move(_cluster.Addresses[0], "node-4");
        Settle();

        Holders().ShouldBe(["node-4"]);
        _gaps.ShouldBe(0);
        _cluster.Nodes[3].Changes.Single().Change.Reason.ShouldBe(HolderChangeReason.Planned);
        _cluster.Nodes[0].Changes[^1].Change.Reason.ShouldBe(HolderChangeReason.Planned);
        _cluster.Nodes[1].Changes.ShouldBeEmpty();
        _cluster.Nodes[2].Changes.ShouldBeEmpty();
    }

    [Fact]
    public void Move_ToADeadNode_IsGivenUpAndTheHolderStays()
    {
        _cluster.Nodes[3].Kill();

        _cluster.Move(_cluster.Addresses[0], "node-4");
        _cluster.Advance(TimeSpan.FromSeconds(1), CountGaps);
        _cluster.Nodes[0].Views.Single().Role.ShouldBe(AddressRole.Yielding);
        _cluster.Advance(Settled, CountGaps);

        Holders().ShouldBe(["node-1"]);
        _gaps.ShouldBe(0);
        _cluster.Nodes[0].Views.Single().Role.ShouldBe(AddressRole.Holder);
        _cluster.Nodes[0].GivenUp.Single().Move.To.ShouldBe("node-4");

        // Asked for once more, it is tried once more.
        _cluster.Nodes[3].Start();
        Settle();
        Holders().ShouldBe(["node-1"]);
        _cluster.Move(_cluster.Addresses[0], "node-4");
        Settle();
        Holders().ShouldBe(["node-4"]);
    }

    [Fact]
    public void Move_LeftOverInASnapshot_MovesNothingAfterAFailover()
    {
        _cluster.Move(_cluster.Addresses[0], "node-4");
        Settle();
        _cluster.Nodes[3].Kill();
        Settle();
        var holder = Holders().ShouldHaveSingleItem();
        holder.ShouldNotBe("node-4");

        _cluster.Nodes[3].Start();
        Settle();

        Holders().ShouldBe([holder]);
    }

    [Fact]
    public void Move_OtherNodesGoneWithTheController_HolderShutsDownToTheOneThatIsFit()
    {
        _cluster.Nodes[1].Kill();
        _cluster.Advance(TimeSpan.FromSeconds(1), CountGaps);

        _cluster.Nodes[2].RequestStop();
        _cluster.Nodes[0].RequestStop();
        _cluster.Advance(_cluster.Detect, CountGaps);

        Holders().ShouldBe(["node-4"]);
        _gaps.ShouldBe(0);
        _cluster.Nodes[0].Alive.ShouldBeFalse();
    }

    [Fact]
    public void Stop_SuccessorDiesMeanwhile_TheNextOneIsAsked()
    {
        _cluster.Nodes[1].Kill();
        _cluster.Nodes[0].RequestStop();
        _cluster.Advance(_cluster.Detect + TimeSpan.FromMilliseconds(50), CountGaps);

        Holders().ShouldBe(["node-3"]);
        _gaps.ShouldBe(0);
    }

    private void Settle() => _cluster.Advance(Settled, CountGaps);

    private void CountGaps() => _gaps += Holders().Length == 0 ? 1 : 0;

    private string[] Holders() => [.. _cluster.Holders(_cluster.Addresses[0]).Select(node => node.Name)];
}
