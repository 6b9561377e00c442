using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Mooring.Core.Balancing;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Tests.DataPlane;

public sealed class DirectPlannerTests
{
    private readonly BackendSet _set = Set(1, 2, 3);

    [Fact]
    public void Plan_OnEachNode_EveryNodeHasTheSameOwners()
    {
        var plans = Enumerable.Range(1, 3).Select(node => (Node: $"node-{node}", Plan: Plan($"node-{node}"))).ToArray();

        for (var slot = 0; slot < plans[0].Plan.Size; slot++)
        {
            var owners = plans.Select(one => one.Plan.Owners[slot] ?? one.Node).Distinct();
            owners.ShouldHaveSingleItem().ShouldBe(_set.Slots[0].OwnerOf(slot).Node);
        }
    }

    [Fact]
    public void Plan_UnfitPod_OnlyItsSlotsMoveAndItsNodeIsAskedForOldFlows()
    {
        var before = Plan("node-4");
        var after = Plan("node-4", unfit: 2);

        for (var slot = 0; slot < before.Size; slot++)
        {
            if (before.Owners[slot] == "node-2")
            {
                after.Owners[slot].ShouldNotBe("node-2");
                after.Previous[0][slot].ShouldBe("node-2");
            }
            else
            {
                after.Owners[slot].ShouldBe(before.Owners[slot]);
            }
        }
    }

    /// <summary>Its stand-ins have connections from that time, which no table of the controller tells of while it is away.</summary>
    [Theory]
    [InlineData("node-2")]
    [InlineData("node-4")]
    public void Plan_PodFitAgain_NodesThatStoodInAreAskedForTheirFlows(string node)
    {
        var planner = new SnapshotPlanner(node);
        var snapshot = Snapshot(_set);
        planner.Plan(snapshot, (_, _) => null, null);
        var between = planner.Plan(snapshot, (_, endPoint) => endPoint.Address.Equals(IPAddress.Parse("10.71.2.2")) ? false : null, null)
            .Services[0].Direct!;

        var after = planner.Plan(snapshot, (_, _) => null, null).Services[0].Direct!;
        var later = planner.Plan(snapshot, (_, endPoint) => endPoint.Address.Equals(IPAddress.Parse("10.71.1.2")) ? false : null, null)
            .Services[0].Direct!;

        for (var slot = 0; slot < after.Size; slot++)
        {
            var owner = _set.Slots[0].OwnerOf(slot).Node!;
            after.Owners[slot].ShouldBe(owner == node ? null : owner);
            if (owner == "node-2")
            {
                after.Previous[0][slot].ShouldBe(between.Owners[slot]);
                later.Previous.Select(depth => depth[slot]).ShouldContain(between.Owners[slot], "another verdict does not make it forgotten");
            }
        }
    }

    [Fact]
    public void Plan_SameVerdictOnEveryNode_SameOwners()
    {
        var one = Plan("node-1", unfit: 2);
        var other = Plan("node-3", unfit: 2);

        for (var slot = 0; slot < one.Size; slot++)
        {
            (one.Owners[slot] ?? "node-1").ShouldBe(other.Owners[slot] ?? "node-3");
        }
    }

    [Fact]
    public void Plan_NobodyFit_IsClosedAndOwnersStay()
    {
        var plan = DirectPlan(_set, "node-1", (_, _) => false);

        plan.Open.ShouldBeFalse();
        plan.Serves.ShouldBeFalse();
        plan.Owners.ShouldBe(Plan("node-1").Owners);
    }

    [Fact]
    public void Plan_EndpointOutsideTheCluster_IsServedByWhoeverHasThePacket()
    {
        var outside = Set(1) with
        {
            Backends = [.. Set(1).Backends, new Backend { Address = IPAddress.Parse("192.0.2.1"), Port = 80, Condition = BackendCondition.Ready }],
        };
        outside = outside with { Slots = [SlotGenerations.Advance(null, AddressFamily.InterNetwork, outside.Backends, _ => true, 1)!] };

        var plan = DirectPlan(outside, "node-9", (_, _) => null);

        for (var slot = 0; slot < plan.Size; slot++)
        {
            (plan.Owners[slot], plan.Endpoints[slot]?.Address.ToString()).ShouldBe(
                outside.Slots[0].OwnerOf(slot).Node is { } node ? (node, null) : (null, "192.0.2.1"));
        }
    }

    [Fact]
    public void Plan_SameAgain_IsTheSameInstance() => Plan("node-1").ShouldBeSameAs(Plan("node-1"));

    private DirectForwarding Plan(string node, int unfit = 0) =>
        DirectPlan(_set, node, (_, endPoint) => endPoint.Address.Equals(IPAddress.Parse($"10.71.{unfit}.2")) ? false : null);

    private static DirectForwarding DirectPlan(BackendSet set, string node, Func<string, IPEndPoint, bool?> isHealthy) =>
        DataPlanePlanner.Plan(Snapshot(set), node, isHealthy).Services[0].Direct!;

    private static ClusterSnapshot Snapshot(BackendSet set) => new()
    {
        Revision = 1,
        BackendSets = [set],
        VirtualIps =
        [
            new VirtualIpIntent
            {
                Key = new NamespacedName("default", "web"),
                Forwarding = ForwardingMode.Direct,
                Addresses = [new AddressIntent { Address = IPAddress.Parse("10.70.0.100") }],
                Ports = [new PortIntent { Name = "http", Port = 80, Protocol = TransportProtocol.Tcp, BackendSetId = set.Id }],
            },
        ],
    };

    private static BackendSet Set(params int[] nodes)
    {
        ImmutableArray<Backend> backends =
        [
            .. nodes.Select(node => new Backend
            {
                Address = IPAddress.Parse($"10.71.{node}.2"), Port = 8080, NodeName = $"node-{node}", Condition = BackendCondition.Ready,
            }),
        ];
        return new BackendSet
        {
            Id = "default/web:8080",
            Pool = new NamespacedName("default", "web"),
            Backends = backends,
            Slots = [SlotGenerations.Advance(null, AddressFamily.InterNetwork, backends, _ => true, 1)!],
        };
    }
}
