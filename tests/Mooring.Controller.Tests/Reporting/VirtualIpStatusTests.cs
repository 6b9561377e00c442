using System.Collections.Immutable;
using System.Net;
using k8s;
using k8s.Models;
using Mooring.Api.V1Alpha1;
using Mooring.Controller.Agents;
using Mooring.Controller.Reporting;
using Mooring.Controller.Snapshots;
using Mooring.Controller.Validation;
using Mooring.Controller.World;
using static Mooring.Controller.Tests.Fixtures;

namespace Mooring.Controller.Tests.Reporting;

public sealed class VirtualIpStatusTests
{
    private static readonly IPAddress Address = IPAddress.Parse("10.70.0.100");

    [Fact]
    public void Compute_HeldAndServed_IsReady()
    {
        var status = Compute(ThreeNodes() with { Holders = Held("node-2", 4) });

        status.Addresses.ShouldBe(["10.70.0.100"]);
        (status.Holder, status.Term, status.HolderSince).ShouldBe(("node-2", 4, Now));
        status.ReadyBackends.ShouldBe("3/3");
        status.Forwarding!.Mode.ShouldBe("Nat");
        status.ObservedGeneration.ShouldBe(1);
        foreach (var type in new[] { "Accepted", "BackendsReady", "Held", "Uncontested", "Programmed", "Ready" })
        {
            Condition(status, type).Status.ShouldBe("True", type);
        }

        Condition(status, "Ready").Message.ShouldBe(
            "node-2 answers for 10.70.0.100; 3 of 3 endpoints take new connections");
        status.Candidates!.Select(candidate => candidate.Role).ShouldBe(["Holder", "Standby", "Standby"]);
        status.Candidates![0].Node.ShouldBe("node-2");
        status.Candidates[1].Message.ShouldBe("takes over after node-2");
    }

    [Fact]
    public void Compute_NotYetHeld_SaysWhoIsToAnswer()
    {
        var status = Compute(ThreeNodes());

        status.Holder.ShouldBeNull();
        Condition(status, "Held").Reason.ShouldBe(Reasons.NotHeld);
        Condition(status, "Ready").Status.ShouldBe("False");
        Condition(status, "Ready").Message!.ShouldContain("is to answer for 10.70.0.100");
    }

    [Fact]
    public void Compute_NoEligibleNode_GivesEveryReason()
    {
        var world = ThreeNodes() with { Nodes = [Node("node-1", ready: false), Node("node-2"), Node("node-3")] };
        world = world with { Agents = world.Agents.Remove("node-2").Remove("node-3") };

        var status = Compute(world);

        Condition(status, "Ready").Reason.ShouldBe(Reasons.NoEligibleNode);
        var message = Condition(status, "Held").Message!;
        message.ShouldContain("node-1: the node's Ready condition is not True");
        message.ShouldContain("node-2: no agent on this node is connected");
        status.Candidates!.Select(candidate => $"{candidate.Node} {candidate.Role} {candidate.Eligible} {candidate.Reason}")
            .ShouldBe(
            [
                "node-1 None False NodeNotReady",
                "node-2 None False AgentNotConnected",
                "node-3 None False AgentNotConnected",
            ]);
    }

    [Fact]
    public void Compute_NotAccepted_ServesNothingAndSaysWhy()
    {
        var status = Compute(ThreeNodes([Vip("web", "10.99.0.1")]));

        status.Addresses.ShouldBeNull();
        status.Holder.ShouldBeNull();
        Condition(status, "Accepted").Reason.ShouldBe(Reasons.AddressOutsideSubnets);
        Condition(status, "Ready").Reason.ShouldBe(Reasons.AddressOutsideSubnets);
        Condition(status, "Ready").Message!.ShouldStartWith("spec.addresses[0]: 10.99.0.1");
    }

    [Fact]
    public void Compute_NoMatchingEndpoints_IsTheReasonOfReady()
    {
        var status = Compute(ThreeNodes() with { Pods = [], Holders = Held("node-1") });

        status.ReadyBackends.ShouldBe("0/0");
        Condition(status, "Ready").Reason.ShouldBe(Reasons.NoMatchingEndpoints);
        Condition(status, "Ready").Message!.ShouldContain("app=web");
        Condition(status, "Held").Status.ShouldBe("True");
    }

    [Fact]
    public void Compute_UnknownPool_IsNotHeld()
    {
        var status = Compute(ThreeNodes(pools: []));

        Condition(status, "Ready").Reason.ShouldBe(Reasons.UnknownBackendPool);
        Condition(status, "Held").Message!.ShouldContain("no port can be served");
    }

    [Fact]
    public void Compute_UnhealthyByTheHolder_IsNotCounted()
    {
        var world = ThreeNodes() with { Holders = Held("node-1") };
        var view = View(world, ("node-1", "10.71.2.2", false), ("node-2", "10.71.3.2", false));

        var status = Compute(world, view);

        // node-2 does not hold the address: what it thinks of web-3 sends no connection anywhere.
        status.ReadyBackends.ShouldBe("2/3");
    }

    [Fact]
    public void Compute_AllUnhealthy_IsNotReadyWithTheFailure()
    {
        var world = ThreeNodes() with { Holders = Held("node-1") };
        var view = View(
            world, ("node-1", "10.71.1.2", false), ("node-1", "10.71.2.2", false), ("node-1", "10.71.3.2", false));

        var status = Compute(world, view);

        status.ReadyBackends.ShouldBe("0/3");
        Condition(status, "Ready").Reason.ShouldBe(Reasons.NoReadyEndpoints);
        Condition(status, "Ready").Message!.ShouldContain("pod/web-1: connection refused by 10.71.1.2:8080 (seen by node-1)");
    }

    [Fact]
    public void Compute_DrainingEndpoint_IsNotPartOfTheTotal()
    {
        var leaving = Pod("web-4", "10.71.1.9");
        leaving.Metadata.DeletionTimestamp = Now;
        var world = ThreeNodes();
        world = world with { Pods = [.. world.Pods, leaving], Holders = Held("node-1") };

        Compute(world).ReadyBackends.ShouldBe("3/3");
    }

    [Fact]
    public void Compute_RefusedByAnAgent_SaysByWhichAndWhat()
    {
        var world = ThreeNodes() with { Holders = Held("node-1") };
        var view = View(world) with
        {
            Refusals = ImmutableDictionary<string, ImmutableArray<Refusal>>.Empty.Add(
                "node-3", [new Refusal("default/web", "ports[0]", "the kernel says no"), new Refusal("a/b", "", "other")]),
        };

        var condition = Condition(Compute(world, view), "Programmed");

        (condition.Status, condition.Reason, condition.Message)
            .ShouldBe(("False", Reasons.RefusedByAgent, "node-3: ports[0]: the kernel says no"));
    }

    [Fact]
    public void Compute_DataPlaneOfANodeFails_IsSaidOfEveryVirtualIp()
    {
        var world = ThreeNodes() with { Holders = Held("node-1") };
        var view = View(world) with
        {
            Refusals = ImmutableDictionary<string, ImmutableArray<Refusal>>.Empty.Add(
                "node-1",
                [new Refusal("", "data_plane", "data plane: no such protocol: tcp"), new Refusal("", "", "snapshot not saved on the node")]),
        };

        var status = Compute(world, view);

        var condition = Condition(status, "Programmed");
        (condition.Status, condition.Reason, condition.Message)
            .ShouldBe(("False", Reasons.RefusedByAgent, "node-1: data plane: no such protocol: tcp"));
        Condition(status, "Ready").Status.ShouldBe("False");
    }

    [Fact]
    public void Compute_AgentFindsSomethingInTheWay_IsSaidWithoutMakingItNotReady()
    {
        var world = ThreeNodes() with { Holders = Held("node-1") };
        var view = View(world);
        var problem = new Core.Surroundings.AddressObstacle(IPAddress.Parse("10.70.0.100"), "10.70.0.100 is bound to kube-ipvs0");
        view = view with
        {
            Agents = view.Agents.SetItem("node-2", view.Agents["node-2"] with
            {
                Problems = ["ip_forward is 0", "direct forwarding: no VXLAN device"],
                AddressProblems = [problem, problem with { Address = IPAddress.Parse("10.70.0.101") }],
            }),
        };

        var condition = Condition(Compute(world, view), "Unobstructed");

        (condition.Status, condition.Reason).ShouldBe(("False", "NodeProblem"));
        condition.Message.ShouldBe("node-2: ip_forward is 0; node-2: 10.70.0.100 is bound to kube-ipvs0");
        Condition(Compute(world, view), "Ready").Status.ShouldBe("True");
    }

    [Fact]
    public void Compute_Failover_IsKept()
    {
        var at = new DateTimeOffset(Now);
        var world = ThreeNodes() with { Holders = Held("node-2", 4) };
        var move = new HolderMove
        {
            Address = Address,
            From = "node-1",
            To = world.Holders[Address],
            Reason = "HeartbeatTimeout",
            Detect = TimeSpan.FromMilliseconds(301.4),
            Takeover = TimeSpan.FromMilliseconds(2),
            Phases = new MovePhases
            {
                LastHeard = at.AddMilliseconds(-301.4),
                Detected = at,
                Claimed = at,
                Announced = at.AddMilliseconds(2),
                FirstPacket = at.AddMilliseconds(7),
            },
        };
        var view = View(world) with { Failovers = ImmutableDictionary<IPAddress, HolderMove>.Empty.Add(Address, move) };

        var first = Compute(world, view);
        var afterRestart = Compute(world, previous: first);

        foreach (var status in new[] { first, afterRestart })
        {
            var failover = status.LastFailover.ShouldNotBeNull();
            (failover.From, failover.To, failover.Reason, failover.DetectMillis, failover.TakeoverMillis, failover.At)
                .ShouldBe(("node-1", "node-2", "HeartbeatTimeout", 301, 2, Now));
            failover.FirstPacketMillis.ShouldBe(5);
            failover.Phases!.LastHeartbeat.ShouldBe(Now.AddMilliseconds(-301.4));
            failover.Phases.FirstPacket.ShouldBe(Now.AddMilliseconds(7));
        }
    }

    [Theory]
    [InlineData("node-1", Reasons.ClaimedByOtherNode, "node-1 (02:00:00:00:00:99) claims 10.70.0.100 as well (seen by node-2)")]
    [InlineData(null, Reasons.ForeignHost, "02:00:00:00:00:99, which is no node of the cluster, uses 10.70.0.100 (seen by node-2)")]
    public void Compute_AnotherMachineClaimsTheAddress_IsNotReadyAndSaysWho(string? owner, string reason, string message)
    {
        var world = ThreeNodes() with { Holders = Held("node-2", 4) };
        var conflict = new ReportedConflict(Address, "02:00:00:00:00:99", owner, "node-2");

        var status = Compute(world, View(world) with
        {
            Contested = ImmutableDictionary<IPAddress, ReportedConflict>.Empty.Add(Address, conflict),
        });

        Condition(status, "Uncontested").Status.ShouldBe("False");
        Condition(status, "Uncontested").Reason.ShouldBe(reason);
        Condition(status, "Uncontested").Message!.ShouldStartWith(message);
        Condition(status, "Ready").Reason.ShouldBe(reason);
        Condition(status, "Held").Status.ShouldBe("True");
    }

    [Fact]
    public void Compute_Again_ChangesNothing()
    {
        var world = ThreeNodes() with { Holders = Held("node-2", 4) };
        var first = Compute(world);

        var second = Compute(world, previous: first, now: Now.AddMinutes(5));

        KubernetesJson.Serialize(second).ShouldBe(KubernetesJson.Serialize(first));
    }

    [Fact]
    public void Compute_ConditionChanges_OnlyThenTheTransitionTimeMoves()
    {
        var first = Compute(ThreeNodes() with { Holders = Held("node-2") });
        var later = Now.AddMinutes(5);

        var second = Compute(ThreeNodes() with { Holders = Held("node-2"), Pods = [] }, previous: first, now: later);

        Condition(second, "Ready").LastTransitionTime.ShouldBe(later);
        Condition(second, "Held").LastTransitionTime.ShouldBe(Now);
    }

    [Fact]
    public void Compute_StatusReadBack_Validates()
    {
        // What the API server stores and gives back is what was written.
        var status = Compute(ThreeNodes() with { Holders = Held("node-2", 4) });
        var json = KubernetesJson.Serialize(status);

        KubernetesJson.Serialize(KubernetesJson.Deserialize<VirtualIpStatus>(json)!).ShouldBe(json);
    }

    private static VirtualIpStatus Compute(
        ClusterWorld world, AgentsView? view = null, VirtualIpStatus? previous = null, DateTime? now = null)
    {
        var result = SnapshotBuilder.Build(world);
        view ??= View(world);
        return VirtualIpStatusComputation.Compute(
            result.VirtualIps[0], view, new EndpointStates(result.VirtualIps, view), previous, now ?? Now);
    }

    private static AgentsView View(ClusterWorld world, params (string Node, string Address, bool Healthy)[] verdicts) => new()
    {
        Agents = world.Agents,
        Holders = world.Holders,
        Terms = world.Holders.ToImmutableDictionary(holder => holder.Key, holder => holder.Value.Term),
        AnyApplied = true,
        Health = world.Agents.Keys.ToImmutableDictionary(
            node => node,
            node => verdicts.Where(verdict => verdict.Node == node).ToImmutableDictionary(
                verdict => new EndpointKey("default/web:8080", IPAddress.Parse(verdict.Address), 8080),
                verdict => new EndpointVerdict(verdict.Healthy, $"connection refused by {verdict.Address}:8080"))),
    };

    private static V1Condition Condition(VirtualIpStatus status, string type) =>
        status.Conditions!.Single(condition => condition.Type == type);
}
