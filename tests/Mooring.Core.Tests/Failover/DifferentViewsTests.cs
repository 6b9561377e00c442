using Mooring.Core.Failover;
using Mooring.Core.Tests.Failover.Simulation;

namespace Mooring.Core.Tests.Failover;

/// <summary>Two nodes of which one counts on the other for more, or other, addresses than that one does.</summary>
public sealed class DifferentViewsTests
{
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(2);
    private int _gaps;

    [Fact]
    public void Stop_StandbyDroppedTheAddressAndHasItAgain_HandsOverWithoutAGap()
    {
        var cluster = Started(addresses: 1, slowFactor: 1);
        cluster.Nodes[0].SetController(connected: false);
        cluster.Rerank(cluster.Addresses[0], ["node-1"]);
        Advance(cluster, Settled);
        cluster.Rerank(cluster.Addresses[0], ["node-2"]);
        Advance(cluster, Settled);

        cluster.Nodes[0].RequestStop();
        CountGap(cluster);
        Advance(cluster, Settled);

        Holders(cluster, 0).ShouldBe(["node-2"]);
        _gaps.ShouldBe(0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(60)]
    [InlineData(120)]
    [InlineData(180)]
    [InlineData(240)]
    public void Stop_StandbyExpectsMoreHeartbeatsThanAreSent_HandsOverWithoutAGap(int offsetMs)
    {
        // From having taken the fast address from node-1, node-2 counts on it for both; node-1 sends for the slow one.
        var cluster = Started(addresses: 2, slowFactor: 3);
        cluster.Rerank(cluster.Addresses[0], ["node-2"]);
        Advance(cluster, Settled);
        cluster.Rerank(cluster.Addresses[0], ["node-2"]);
        Advance(cluster, Settled + TimeSpan.FromMilliseconds(offsetMs));
        Holders(cluster, 0).ShouldBe(["node-2"]);
        Holders(cluster, 1).ShouldBe(["node-1"]);

        cluster.Nodes[0].RequestStop();
        CountGap(cluster);
        Advance(cluster, Settled);

        Holders(cluster, 1).ShouldBe(["node-2"]);
        _gaps.ShouldBe(0);
    }

    [Fact]
    public void Holder_OtherCandidateOfAnotherSnapshotIsHeardLessOften_IsNotCutOff()
    {
        // What node-1 goes by has both nodes for both addresses; node-2 heard that it backs up the slow one only.
        var cluster = Started(addresses: 2, slowFactor: 3);
        cluster.Nodes[0].SetGateway(reachable: false);
        cluster.Nodes[0].SetController(connected: false);

        cluster.Rerank(cluster.Addresses[0], ["node-1"]);
        Advance(cluster, TimeSpan.FromSeconds(10));

        Holders(cluster, 0).ShouldBe(["node-1"]);
        _gaps.ShouldBe(0);
    }

    [Fact]
    public void Resume_LearnsOfTheAddressAndOfAMoveThatWasTakenBack_LeavesItWhereItIs()
    {
        var cluster = Started(addresses: 1, slowFactor: 1);
        cluster.Rerank(cluster.Addresses[0], ["node-1"]);
        Advance(cluster, Settled);
        cluster.Nodes[1].Pause();

        // While node-2 is paused it is to take over, and then it is not.
        cluster.Rerank(cluster.Addresses[0], ["node-2"]);
        Advance(cluster, Settled);
        cluster.Nodes[0].Views.Single().Role.ShouldBe(AddressRole.Yielding);
        cluster.Rerank(cluster.Addresses[0], ["node-1", "node-2"]);
        Advance(cluster, Settled);
        cluster.Nodes[1].Resume();
        Advance(cluster, Settled);

        Holders(cluster, 0).ShouldBe(["node-1"]);
        cluster.Nodes[1].Changes.ShouldBeEmpty();
    }

    private SimCluster Started(int addresses, int slowFactor)
    {
        var cluster = new SimCluster(seed: 1, nodes: 2, addresses) { Multiplier = 2, SlowFactor = slowFactor };
        cluster.Start();
        Advance(cluster, Settled);
        Holders(cluster, 0).ShouldBe(["node-1"]);
        _gaps = 0;
        return cluster;
    }

    private void Advance(SimCluster cluster, TimeSpan by) => cluster.Advance(by, () => CountGap(cluster));

    private void CountGap(SimCluster cluster) =>
        _gaps += cluster.Addresses.All(address => cluster.Holders(address).Any()) ? 0 : 1;

    private static string[] Holders(SimCluster cluster, int address) =>
        [.. cluster.Holders(cluster.Addresses[address]).Select(node => node.Name)];
}
