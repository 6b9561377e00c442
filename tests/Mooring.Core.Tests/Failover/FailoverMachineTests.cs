using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using Mooring.Core.Failover;
using Mooring.Core.Tests.Failover.Simulation;

namespace Mooring.Core.Tests.Failover;

/// <summary>One fault at a time on a good network: who holds the address, and how soon.</summary>
public sealed class FailoverMachineTests
{
    private static readonly TimeSpan Detect = TimeSpan.FromMilliseconds(300);

    /// <summary>Packet delay, timer jitter and one interval of phase.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(2);

    [Fact]
    public void Start_ThreeCandidates_FirstClaimsAfterOneDetectionTime()
    {
        var cluster = Started(3, settle: false);

        cluster.Advance(Detect - TimeSpan.FromMilliseconds(1));
        Holder(cluster).ShouldBeNull();
        cluster.Advance(Slack);
        Holder(cluster).ShouldBe("node-1");
        cluster.Advance(Settled);

        Holder(cluster).ShouldBe("node-1");
        cluster.Nodes.Sum(node => node.Changes.Count).ShouldBe(1);
        cluster.Nodes[0].Changes.Single().Change.Reason.ShouldBe(HolderChangeReason.InitialClaim);
        cluster.Nodes.Select(node => node.Views.Single().Role)
            .ShouldBe([AddressRole.Holder, AddressRole.Standby, AddressRole.Standby]);
        cluster.Nodes.ShouldAllBe(node => node.Views.Single().Term == 1 && node.Views.Single().Holder == "node-1");
    }

    [Theory]
    [InlineData(100, 3)]
    [InlineData(10, 3)]
    [InlineData(50, 5)]
    public void HolderKilled_FirstStandbyTakesOver_WithinTheDetectionTime(int intervalMs, int multiplier)
    {
        var cluster = Started(3, interval: TimeSpan.FromMilliseconds(intervalMs), multiplier: multiplier);
        var killed = cluster.Now;

        cluster.Nodes[0].Kill();
        cluster.Advance(cluster.Detect + Slack);

        Holder(cluster).ShouldBe("node-2");
        var (at, change) = cluster.Nodes[1].Changes.Single();
        (at - killed).ShouldBeLessThanOrEqualTo(cluster.Detect + TimeSpan.FromMilliseconds(5));
        change.Reason.ShouldBe(HolderChangeReason.HeartbeatTimeout);
        change.PreviousHolder.ShouldBe("node-1");
        change.Term.ShouldBe(2UL);
        change.Phases!.Value.Silence.ShouldBeInRange(cluster.Detect, cluster.Detect + TimeSpan.FromMilliseconds(5));
        cluster.Advance(Settled);
        cluster.Nodes[2].Changes.ShouldBeEmpty();
    }

    [Fact]
    public void HolderLosesCarrier_ReleasesAtOnceAndFirstStandbyTakesOver()
    {
        var cluster = Started(3);

        cluster.Nodes[0].SetCarrier(up: false);

        cluster.Nodes[0].Changes[^1].Change.Reason.ShouldBe(HolderChangeReason.LinkDown);
        cluster.Advance(Detect + Slack);
        Holder(cluster).ShouldBe("node-2");

        cluster.Nodes[0].SetCarrier(up: true);
        cluster.Advance(Settled);
        Holder(cluster).ShouldBe("node-2");
        cluster.Nodes[0].Views.Single().Role.ShouldBe(AddressRole.Standby);
    }

    [Fact]
    public void HolderAndFirstStandbyKilled_SecondStandbyTakesOverOneDetectionTimeLater()
    {
        var cluster = Started(3);

        cluster.Nodes[0].Kill();
        cluster.Nodes[1].Kill();
        cluster.Advance((2 * Detect) + Slack);

        Holder(cluster).ShouldBe("node-3");
    }

    [Fact]
    public void HolderStops_NextAnnouncesBeforeItFallsSilent()
    {
        var cluster = Started(3);
        var gaps = 0;

        cluster.Nodes[0].RequestStop();
        cluster.Advance(Settled, () => gaps += cluster.Holders(cluster.Addresses[0]).Any() ? 0 : 1);

        gaps.ShouldBe(0);
        Holder(cluster).ShouldBe("node-2");
        cluster.Nodes[0].Alive.ShouldBeFalse();
        cluster.Nodes[1].Changes.Single().Change.Reason.ShouldBe(HolderChangeReason.Planned);
    }

    [Fact]
    public void HolderStops_NobodyElseAlive_ReleasesWithoutWaiting()
    {
        var cluster = Started(2);
        cluster.Nodes[1].Kill();
        cluster.Advance(Settled);

        cluster.Nodes[0].RequestStop();

        cluster.Nodes[0].Alive.ShouldBeFalse();
    }

    [Fact]
    public void HolderIsNoCandidateAnyMore_HandsOverWithoutAGap()
    {
        var cluster = Started(3);
        var gaps = 0;

        cluster.Rerank(cluster.Addresses[0], ["node-2", "node-3"]);
        cluster.Advance(Settled, () => gaps += cluster.Holders(cluster.Addresses[0]).Any() ? 0 : 1);

        gaps.ShouldBe(0);
        Holder(cluster).ShouldBe("node-2");
        cluster.Nodes[0].Views.ShouldBeEmpty();
    }

    [Fact]
    public void LastCandidateRemoved_Releases()
    {
        var cluster = Started(2);

        cluster.Rerank(cluster.Addresses[0], []);
        cluster.Advance(Settled);

        Holder(cluster).ShouldBeNull();
        cluster.Nodes[0].Changes[^1].Change.Reason.ShouldBe(HolderChangeReason.Removed);
    }

    [Fact]
    public void RanksChange_LiveHolderStays()
    {
        var cluster = Started(3);
        cluster.Nodes[0].Kill();
        cluster.Advance(Settled);
        cluster.Nodes[0].Start();

        // Rerank puts the known holder first; the machine would not mind if it did not.
        cluster.Rerank(cluster.Addresses[0], ["node-1", "node-3", "node-2"]);
        cluster.Advance(Settled);

        Holder(cluster).ShouldBe("node-2");
        cluster.Nodes[1].Changes.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void HolderFrozenAndWoken_DoesNotAnswerAgain(int seed)
    {
        var cluster = Started(3, seed: seed);
        cluster.Nodes[0].Pause();
        cluster.Advance(TimeSpan.FromSeconds(5));
        Holder(cluster).ShouldBe("node-2");

        cluster.Nodes[0].Resume();
        cluster.Nodes[0].Answers(0).ShouldBeFalse();
        cluster.Advance(Settled, () => cluster.Nodes[0].Answers(0).ShouldBeFalse());

        Holder(cluster).ShouldBe("node-2");
        cluster.Nodes[0].Changes.Select(change => change.Change.Reason).ShouldContain(HolderChangeReason.DeadlinePassed);
    }

    [Fact]
    public void OnlyNodeFrozenAndWoken_ClaimsAnewAfterASilentDetectionTime()
    {
        var cluster = Started(2);
        cluster.Nodes[1].Kill();
        cluster.Advance(Settled);
        cluster.Nodes[0].Pause();
        cluster.Advance(TimeSpan.FromSeconds(5));
        cluster.Nodes[0].Resume();

        cluster.Advance(Detect);
        Holder(cluster).ShouldBeNull();
        cluster.Advance(Detect);
        Holder(cluster).ShouldBe("node-1");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void StandbyFrozenAndWoken_DoesNotTakeItsOwnPauseForTheHoldersSilence(int seed)
    {
        var cluster = Started(3, seed: seed);

        cluster.Nodes[1].Pause();
        cluster.Advance(TimeSpan.FromSeconds(5));
        cluster.Nodes[1].Resume();
        cluster.Advance(Settled);

        Holder(cluster).ShouldBe("node-1");
        cluster.Nodes[1].Changes.ShouldBeEmpty();
    }

    [Fact]
    public void ControllerGone_NothingChanges()
    {
        var cluster = Started(3);

        cluster.SetController(reachable: false);
        cluster.Advance(TimeSpan.FromSeconds(10));

        Holder(cluster).ShouldBe("node-1");
        cluster.Nodes.Sum(node => node.Changes.Count).ShouldBe(1);
    }

    [Fact]
    public void ControllerAndStandbysGone_HolderWithLinkGoesOnWithoutAGap()
    {
        var cluster = Started(2);
        var gaps = 0;

        cluster.SetController(reachable: false);
        cluster.Nodes[1].Kill();
        cluster.Advance(TimeSpan.FromSeconds(10), () => gaps += cluster.Holders(cluster.Addresses[0]).Any() ? 0 : 1);

        gaps.ShouldBe(0);
        cluster.Nodes[0].Views.Single().Isolated.ShouldBeTrue();
    }

    [Fact]
    public void HolderKilledAndRestarted_StandbyTakesOverAsSoonAsItHearsOfThat()
    {
        var cluster = Started(3);

        cluster.Nodes[0].Kill();
        cluster.Advance(TimeSpan.FromMilliseconds(30));
        cluster.Nodes[0].Start();
        cluster.Advance(Slack);

        Holder(cluster).ShouldBe("node-2");
        cluster.Nodes[1].Changes.Single().Change.Reason.ShouldBe(HolderChangeReason.HolderRestarted);
        cluster.Advance(Settled);
        Holder(cluster).ShouldBe("node-2");
    }

    [Fact]
    public void Split_BothSidesHold_HealedToTheHigherTermWithinAnInterval()
    {
        var cluster = Started(3);
        cluster.Split(["node-1"]);
        cluster.Advance(TimeSpan.FromSeconds(3));
        cluster.Holders(cluster.Addresses[0]).Select(node => node.Name).ShouldBe(["node-1", "node-2"]);

        cluster.HealNetwork();
        cluster.Advance(cluster.Interval + Slack);

        Holder(cluster).ShouldBe("node-2");
        cluster.Nodes[0].Changes[^1].Change.Reason.ShouldBe(HolderChangeReason.HigherTerm);
        cluster.Nodes.SelectMany(node => node.Conflicts).ShouldAllBe(conflict => conflict.Node != null);
    }

    [Fact]
    public void StandbyDoesNotHearHolder_TakesOverAndTheHolderYields()
    {
        var cluster = Started(2);

        cluster.Block("node-1", "node-2");
        cluster.Advance(Detect + cluster.Interval + Slack);

        Holder(cluster).ShouldBe("node-2");
    }

    [Fact]
    public void HolderWithAnOldSnapshot_NoCandidateInCommon_YieldsToTheOneItSeesOnTheWire()
    {
        var cluster = Started(3);
        cluster.Rerank(cluster.Addresses[0], ["node-1"]);
        cluster.Advance(Settled);
        Holder(cluster).ShouldBe("node-1");

        cluster.Tell(cluster.Nodes[2], cluster.Addresses[0]);
        cluster.Advance(Detect + cluster.Interval + Slack);

        Holder(cluster).ShouldBe("node-3");
    }

    [Fact]
    public void ForeignHostAnnounces_IsReportedOnceAndTheAddressDefended()
    {
        var cluster = Started(2);
        var foreign = PhysicalAddress.Parse("06-00-00-00-00-99");

        for (var i = 0; i < 20; i++)
        {
            cluster.Nodes[0].SeeClaim(cluster.Addresses[0], foreign);
            cluster.Nodes[1].SeeClaim(cluster.Addresses[0], foreign);
        }

        var conflict = cluster.Nodes[0].Conflicts.ShouldHaveSingleItem();
        conflict.Node.ShouldBeNull();
        conflict.MacAddress.ShouldBe(foreign);
        cluster.Nodes[1].Conflicts.ShouldBeEmpty();
        Holder(cluster).ShouldBe("node-1");
    }

    [Fact]
    public void OtherNodeAnnounces_IsReportedWhenItIsNotExplainedInTime()
    {
        var cluster = Started(2);

        cluster.Nodes[0].SeeClaim(cluster.Addresses[0], cluster.Nodes[1].Mac);
        cluster.Nodes[0].Conflicts.ShouldBeEmpty();
        cluster.Advance(Settled);

        cluster.Nodes[0].Conflicts.ShouldHaveSingleItem().Node.ShouldBe("node-2");
    }

    [Fact]
    public void ManyAddresses_OneHeartbeatPerPeerAndIntervalSpeaksOfAll()
    {
        var cluster = new SimCluster(1, nodes: 3, addresses: 50);
        cluster.Start(address => [.. Rotate(cluster, address)]);
        cluster.Advance(Settled);

        cluster.Addresses.ShouldAllBe(address => cluster.Holders(address).Count() == 1);
        cluster.Nodes.ShouldAllBe(node => node.Changes.Count >= 16);
        cluster.Nodes[0].Kill();
        cluster.Advance(Detect + Slack);
        cluster.Addresses.ShouldAllBe(address => cluster.Holders(address).Count() == 1);
    }

    private static IEnumerable<string> Rotate(SimCluster cluster, IPAddress address)
    {
        var first = address.GetAddressBytes()[3] % cluster.Nodes.Length;
        return Enumerable.Range(first, cluster.Nodes.Length).Select(i => cluster.Nodes[i % cluster.Nodes.Length].Name);
    }

    private static string? Holder(SimCluster cluster)
    {
        var holders = cluster.Holders(cluster.Addresses[0]).ToImmutableArray();
        holders.Length.ShouldBeLessThanOrEqualTo(1);
        return holders.IsEmpty ? null : holders[0].Name;
    }

    private static SimCluster Started(
        int nodes, int seed = 1, TimeSpan? interval = null, int multiplier = 3, bool settle = true)
    {
        var cluster = new SimCluster(seed, nodes, addresses: 1)
        {
            Interval = interval ?? TimeSpan.FromMilliseconds(100),
            Multiplier = multiplier,
        };
        cluster.Start();
        if (settle)
        {
            cluster.Advance(Settled);
            Holder(cluster).ShouldBe("node-1");
        }

        return cluster;
    }
}
