using Mooring.Core.Failover;
using Mooring.Core.Tests.Failover.Simulation;

namespace Mooring.Core.Tests.Failover;

/// <summary>Heartbeat intervals that are changed while an address is held, of which the nodes hear one after the other.</summary>
public sealed class DetectionTimesTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(2);

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 60)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Retime_NodesHearOfItAtDifferentTimes_HolderStays(int seed)
    {
        var cluster = Started(seed, seed % 2 == 0 ? Short : Long);
        for (var change = 0; change < 6; change++)
        {
            var next = new[] { Short, Long, TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(500) }[cluster.Random.Next(4)];
            cluster.Controller.Retime(next, maxDelay: TimeSpan.FromSeconds(10));
            cluster.Advance(
                TimeSpan.FromSeconds(12 * cluster.Random.NextDouble()),
                () => cluster.Holders(cluster.Addresses[0]).Count().ShouldBe(1));
        }

        cluster.Takeovers(0).ShouldBe(1);
    }

    [Theory]
    [InlineData(2000, 100)]
    [InlineData(100, 2000)]
    [InlineData(100, 10)]
    public void Retime_AllHaveHeardOfIt_NewTimesAreInForce(int before, int after)
    {
        var cluster = Started(1, TimeSpan.FromMilliseconds(before));
        cluster.Controller.Retime(TimeSpan.FromMilliseconds(after), maxDelay: Short);
        cluster.Advance(TimeSpan.FromSeconds(20));
        var killed = cluster.Now;

        cluster.Nodes[0].Kill();
        cluster.Advance(cluster.Detect + TimeSpan.FromMilliseconds(20));

        cluster.Holders(cluster.Addresses[0]).Single().Name.ShouldBe("node-2");
        (cluster.Nodes[1].TakenAt[0] - killed).ShouldBeGreaterThan(cluster.Detect - cluster.Interval - TimeSpan.FromMilliseconds(5));
    }

    [Fact]
    public void Retime_OneNodeDoesNotHearOfIt_NeitherTakesOverNorIsTakenFrom()
    {
        var cluster = Started(1, Long);
        cluster.Nodes[0].SetController(connected: false);

        cluster.Controller.Retime(Short, maxDelay: Short);
        cluster.Advance(TimeSpan.FromMinutes(1), () => cluster.Holders(cluster.Addresses[0]).Single().Name.ShouldBe("node-1"));
        cluster.Controller.Connect(cluster.Nodes[0]);
        cluster.Advance(TimeSpan.FromMinutes(1), () => cluster.Holders(cluster.Addresses[0]).Single().Name.ShouldBe("node-1"));

        cluster.Takeovers(0).ShouldBe(1);
    }

    [Fact]
    public void Retime_HolderFrozenRightAfter_StopsBeforeItsStandbyClaims()
    {
        var cluster = Started(1, Long);
        cluster.Controller.Retime(Short, maxDelay: Short);
        cluster.Advance(2 * Short);

        cluster.Nodes[0].Stall();
        cluster.Advance(TimeSpan.FromSeconds(20), () => cluster.Holders(cluster.Addresses[0]).Count().ShouldBeLessThanOrEqualTo(1));

        cluster.Holders(cluster.Addresses[0]).Single().Name.ShouldBe("node-2");
        cluster.Nodes[1].Changes.Single().Change.Reason.ShouldBe(HolderChangeReason.HeartbeatTimeout);
    }

    private static SimCluster Started(int seed, TimeSpan interval)
    {
        var cluster = new SimCluster(seed, nodes: 3, addresses: 1) { Interval = interval };
        cluster.Start();
        cluster.Advance(TimeSpan.FromSeconds(15));
        cluster.Holders(cluster.Addresses[0]).Single().Name.ShouldBe("node-1");
        return cluster;
    }
}
