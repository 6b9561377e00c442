using System.Collections.Immutable;
using System.Net;
using k8s.Models;
using Mooring.Api.V1Alpha1;
using Mooring.Controller.Agents;
using Mooring.Controller.Reporting;
using Mooring.Controller.Snapshots;
using Mooring.Controller.World;
using Mooring.Core.Placement;
using static Mooring.Controller.Tests.Fixtures;

namespace Mooring.Controller.Tests.Snapshots;

public sealed class MovePlanningTests
{
    private static readonly IPAddress Address = IPAddress.Parse("10.70.0.100");
    private static readonly DateTimeOffset Noon = new(Now);

    [Theory]
    [InlineData("true", true)]
    [InlineData("True", true)]
    [InlineData("false", false)]
    [InlineData("", false)]
    public void Build_DrainAnnotation_MovesTheAddressAway(string value, bool moves)
    {
        var world = Drain(ThreeNodes() with { Holders = Held("node-1") }, "node-1", value);

        var vip = SnapshotBuilder.Build(world).VirtualIps[0];

        (vip.Moves[0]?.Evacuates == IneligibleReason.Draining).ShouldBe(moves);
        (vip.Placements[0].Holder == "node-1").ShouldBe(!moves);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Build_CordonedHolder_MovesOnlyWhereThatIsAskedFor(bool cordonDrains)
    {
        var node = Node("node-1");
        node.Spec = new V1NodeSpec { Unschedulable = true };
        var world = ThreeNodes() with
        {
            Holders = Held("node-1"),
            Nodes = [node, Node("node-2"), Node("node-3")],
            Policy = PlacementPolicy.From(new ControllerOptions { CordonDrains = cordonDrains }),
        };

        (SnapshotBuilder.Build(world).VirtualIps[0].Moves[0] is not null).ShouldBe(cordonDrains);
    }

    [Fact]
    public void Build_Drain_AsksTheHolderOnceTheNextOneHasAcknowledged()
    {
        var world = Drain(ThreeNodes() with { Holders = Held("node-1") }, "node-1", "true");
        var first = SnapshotBuilder.Build(world);
        var intent = first.Snapshot.VirtualIps[0].Addresses[0];
        intent.Move.ShouldBeNull();
        intent.Candidates[0].ShouldBe("node-1");
        var next = first.VirtualIps[0].Placements[0].Holder!;

        world = world with { Moves = first.Moves, Published = first.Snapshot with { Revision = 5 } };
        SnapshotBuilder.Build(world).Snapshot.VirtualIps[0].Addresses[0].Move.ShouldBeNull();

        world = world with { Agents = world.Agents.SetItem(next, world.Agents[next] with { AppliedRevision = 5 }) };
        var move = SnapshotBuilder.Build(world).Snapshot.VirtualIps[0].Addresses[0].Move.ShouldNotBeNull();
        (move.To, move.Id).ShouldBe((next, 6UL));

        var refusing = world with
        {
            Refusals = ImmutableDictionary<string, ImmutableArray<Refusal>>.Empty
                .Add(next, [new Refusal("default/web", "", "the kernel refused it")]),
        };
        SnapshotBuilder.Build(refusing).Snapshot.VirtualIps[0].Addresses[0].Move.ShouldBeNull();
    }

    [Fact]
    public void Build_Failback_LooksAgainWhenTheDelayIsOver()
    {
        var vip = Vip();
        vip.Spec.Failback = "Automatic";
        vip.Spec.PreferredNodes = [new PreferredNode { Weight = 10, MatchLabels = new Dictionary<string, string> { ["best"] = "yes" } }];
        var world = ThreeNodes([vip]) with
        {
            Nodes = [Node("node-1"), Node("node-2"), Node("node-3", labels: ("best", "yes"))],
            Holders = Held("node-1"),
            Clock = TimeSpan.FromHours(1),
        };

        var result = SnapshotBuilder.Build(world);

        result.VirtualIps[0].Moves[0]!.To.ShouldBe("node-3");
        result.Snapshot.VirtualIps[0].Addresses[0].Candidates[0].ShouldBe("node-1");
        result.NextCheck.ShouldBe(TimeSpan.FromHours(1) + MoveOptions.DefaultFailbackDelay);
    }

    [Fact]
    public void Build_NodeFailedLately_IsLastWithTheReasonUntilItIsForgiven()
    {
        var memory = FailureMemory.Empty.Add("node-2", "HeartbeatTimeout", Noon, TimeSpan.FromMinutes(1));
        var world = ThreeNodes() with
        {
            Failures = memory,
            Holders = Held("node-1"),
            Now = Noon.AddSeconds(20),
            Clock = TimeSpan.FromHours(1),
        };

        var result = SnapshotBuilder.Build(world);

        var placement = result.VirtualIps[0].Placements[0];
        placement.Candidates.ShouldBe(["node-1", "node-3", "node-2"]);
        result.NextCheck.ShouldBe(TimeSpan.FromHours(1) + TimeSpan.FromSeconds(40));
        var shown = CandidateList.Compute(placement, world.Holders[Address]).Single(node => node.Node == "node-2");
        shown.Reason.ShouldBe("RecentlyFailed");
        shown.Message.ShouldBe(
            "takes over after node-3; ranks behind nodes that did not fail lately until 2026-03-01T12:01:00Z: "
            + "HeartbeatTimeout at 2026-03-01T12:00:00Z");

        var later = SnapshotBuilder.Build(world with { Now = Noon.AddMinutes(1) });
        later.VirtualIps[0].Placements[0].Failures.ShouldBeEmpty();
        later.NextCheck.ShouldBeNull();
    }

    [Fact]
    public void Candidates_AgentAwayForAMoment_SaySo()
    {
        var world = ThreeNodes() with { Holders = Held("node-1") };
        world = world with
        {
            Agents = world.Agents.SetItem("node-2", world.Agents["node-2"] with { Presence = AgentPresence.Expected }),
        };
        var placement = SnapshotBuilder.Build(world).VirtualIps[0].Placements[0];

        var shown = CandidateList.Compute(placement, world.Holders[Address]).Single(node => node.Node == "node-2");

        (shown.Eligible, shown.Reason).ShouldBe((true, "AgentAway"));
        shown.Message.ShouldBe("takes over after node-3; its agent is away and expected back");
    }

    [Theory]
    [InlineData("HeartbeatTimeout", true)]
    [InlineData("Released", true)]
    [InlineData("Planned", false)]
    public void Adopt_LastFailover_RemembersWhoFailed(string reason, bool remembered)
    {
        var vip = Vip();
        vip.Status = new VirtualIpStatus
        {
            LastFailover = new LastFailover { From = "node-1", To = "node-2", Reason = reason, At = Now },
        };

        var adoption = Adoption.From([vip], ["node-1", "node-2"], Noon.AddSeconds(5), TimeSpan.FromMinutes(1));

        adoption.Failures.Unforgiven(Noon.AddSeconds(5), TimeSpan.FromMinutes(1)).ContainsKey("node-1").ShouldBe(remembered);
    }

    [Fact]
    public void Candidates_OfAMove_SayHowFarItIs()
    {
        var placement = new AddressPlacement
        {
            Address = Address,
            Candidates = ["node-2", "node-3"],
            Rejected = [new RejectedNode("node-1", IneligibleReason.Draining, "the node is being drained")],
        };
        var move = new AddressMove
        {
            From = "node-1", To = "node-2", Evacuates = IneligibleReason.Draining, WantedSince = default, StageSince = default,
        };
        (string?, string?) Shown(AddressMove shown)
        {
            var nodes = CandidateList.Compute(placement, new HolderClaim("node-1", 3, Noon), shown);
            nodes.Single(node => node.Role == "Holder").Reason.ShouldBe("Draining");
            return (nodes[0].Reason, nodes[0].Message);
        }

        Shown(move).ShouldBe(("MoveWaiting", "is to take 10.70.0.100 over from node-1 when other moves are done"));
        Shown(move with { Stage = MoveStage.Preparing })
            .ShouldBe(("Moving", "programs 10.70.0.100 before node-1 hands it over"));
        Shown(move with { Stage = MoveStage.Asked }).ShouldBe(("Moving", "takes 10.70.0.100 over from node-1"));
        Shown(move with { Failures = 2 }).Item2!.ShouldContain("failed 2 times");
        Shown(move with { Evacuates = null }).Item2!.ShouldContain("when it has been the better node for a while");
    }

    private static ClusterWorld Drain(ClusterWorld world, string node, string value) => world with
    {
        Nodes =
        [
            .. world.Nodes.Select(known =>
            {
                if (known.Metadata.Name == node)
                {
                    known.Metadata.Annotations = new Dictionary<string, string> { [NodeFacts.DrainAnnotation] = value };
                }

                return known;
            }),
        ],
    };
}
