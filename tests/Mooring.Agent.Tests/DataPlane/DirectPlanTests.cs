using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Mooring.Agent.DataPlane;
using Mooring.Agent.DataPlane.Plans;
using Mooring.Core.Balancing;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Tests.DataPlane;

public sealed class DirectPlanTests
{
    private static readonly ImmutableArray<NodePeer> Nodes = [Node("node-1", "10.70.0.11"), Node("node-2", "10.70.0.12"), Node("node-3", "10.80.0.13")];

    [Fact]
    public void PathPlan_NeighbourAndNodeElsewhere_HopAndTunnel()
    {
        var plan = PathPlan.Of(State("node-1", 1, 2, 3))!;

        var marks = NodeNumbers.Of(["node-2", "node-3"]);
        plan.Dump().ShouldBe(
            $"""
            tunnel 026D54C43383 mtu 1450
            node-2: mark 0x{0x6e000000 | marks["node-2"]:x8} 026D55C43516 at 10.70.0.12, IPv4 via 10.70.0.12 dev eth0
            node-3: mark 0x{0x6e000000 | marks["node-3"]:x8} 026D56C436A9 at 10.80.0.13, IPv4 by tunnel

            """);
        plan.SegmentV4.ShouldBe(1410);
    }

    [Fact]
    public void PathPlan_NothingDirect_IsNone() => PathPlan.Of(DataPlaneState.Empty).ShouldBeNull();

    [Fact]
    public void TablePlan_NodeWithAPod_ServesEverySlotAndHandsOnThoseOfOthers()
    {
        var state = State("node-1", 1, 2);
        var plan = new TablePlanner(new ServiceNumbers()).Plan(state, [], new PlanChanges());

        var service = plan.Services["10.70.0.100 . tcp . 80"];
        service.Chain.ShouldBe("flow-tcp-256");
        service.Slots.ShouldAllBe(slot => slot == "10.71.1.2 . 8080", "a flow that another node's table sends here is served");
        service.Direct!.Served.ShouldBeTrue();
        service.Direct.Owners.Count(owner => owner == 0).ShouldBe(128);
        plan.Peers.ShouldBe(["02:00:00:00:00:12", "02:00:00:00:00:13"]);
        plan.Dump().ShouldContain("direct 0x6d1c0001 served\n");
    }

    [Fact]
    public void TablePlan_NodeWithoutPods_HandsOnEverySlot()
    {
        var service = new TablePlanner(new ServiceNumbers()).Plan(State("node-3", 1, 2), [], new PlanChanges()).Services["10.70.0.100 . tcp . 80"];

        service.Chain.ShouldBeNull();
        service.Direct!.Served.ShouldBeFalse();
        service.Direct.Owners.ShouldAllBe(owner => owner != 0);
    }

    [Fact]
    public void ServiceNumbers_Adopted_StayAndFreedOnesAreUsedAgain()
    {
        var numbers = new ServiceNumbers();
        var (first, second) = (numbers.Of("a"), numbers.Of("b"));
        numbers.Of("a").ShouldBe(first);

        numbers.Free("a");

        numbers.Of("b").ShouldBe(second);
        numbers.Of("c").ShouldNotBe(second);
    }

    [Fact]
    public void NodeNumbers_MoreNodes_KeepTheirs()
    {
        var few = NodeNumbers.Of(["node-1", "node-2"]);
        var many = NodeNumbers.Of(Enumerable.Range(1, 1000).Select(node => $"node-{node}"));

        many.Values.Distinct().Count().ShouldBe(1000);
        many["node-1"].ShouldBe(few["node-1"]);
        many["node-2"].ShouldBe(few["node-2"]);
    }

    private static DataPlaneState State(string node, params int[] pods)
    {
        ImmutableArray<Backend> backends =
        [
            .. pods.Select(pod => new Backend
            {
                Address = IPAddress.Parse($"10.71.{pod}.2"), Port = 8080, NodeName = $"node-{pod}", Condition = BackendCondition.Ready,
            }),
        ];
        var snapshot = new ClusterSnapshot
        {
            Revision = 1,
            Nodes = Nodes,
            BackendSets =
            [
                new BackendSet
                {
                    Id = "default/web:8080",
                    Pool = new NamespacedName("default", "web"),
                    Backends = backends,
                    Slots = [SlotGenerations.Advance(null, AddressFamily.InterNetwork, backends, _ => true, 1)!],
                },
            ],
            VirtualIps =
            [
                new VirtualIpIntent
                {
                    Key = new NamespacedName("default", "web"),
                    Forwarding = ForwardingMode.Direct,
                    Addresses = [new AddressIntent { Address = IPAddress.Parse("10.70.0.100") }],
                    Ports = [new PortIntent { Name = "http", Port = 80, Protocol = TransportProtocol.Tcp, BackendSetId = "default/web:8080" }],
                },
            ],
        };
        return DataPlanePlanner.Plan(snapshot, node, (_, _) => null);
    }

    private static NodePeer Node(string name, string address) => new()
    {
        Name = name,
        Interfaces =
        [
            new NodeInterface
            {
                Name = "eth0",
                Index = 2,
                MacAddress = new PhysicalAddress([2, 0, 0, 0, 0, (byte)(0x10 + (name[^1] - '0'))]),
                Up = true,
                Addresses = [new InterfaceAddress(IPAddress.Parse(address), IPNetwork.Parse(string.Join('.', address.Split('.')[..3]) + ".0/24"))],
            },
        ],
    };
}
