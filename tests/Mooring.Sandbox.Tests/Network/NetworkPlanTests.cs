using Mooring.Sandbox.Network;

namespace Mooring.Sandbox.Tests.Network;

public sealed class NetworkPlanTests
{
    private static readonly Topology Two = Topology.Create(SandboxName.Parse("t"), 2);

    [Fact]
    public void Build_TwoNodes_IsThisPlan()
    {
        var node = NetworkPlan.Build(Two).Single(batch => batch.Namespace == "mr-t-node-1");

        node.ToString().ShouldBe(
            """
            [mr-t-node-1] link set lo up
            [mr-t-node-1] addr add 10.70.0.11/24 dev eth0
            [mr-t-node-1] addr add fd00:70::11/64 dev eth0 nodad
            [mr-t-node-1] link set eth0 up
            [mr-t-node-1] route add default via 10.70.0.1
            [mr-t-node-1] route add ::/0 via fd00:70::1
            [mr-t-node-1] link add cni0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
            [mr-t-node-1] addr add 10.71.1.1/24 dev cni0
            [mr-t-node-1] addr add fd00:71:1::1/64 dev cni0 nodad
            [mr-t-node-1] link set cni0 up
            [mr-t-node-1] route add 10.71.2.0/24 via 10.70.0.12
            [mr-t-node-1] route add fd00:71:2::/64 via fd00:70::12
            """);
    }

    [Fact]
    public void Build_SecondLan_GivesEveryHostASecondCable()
    {
        var plan = NetworkPlan.Build(Topology.Create(SandboxName.Parse("t"), 2, secondLan: true));

        plan[0].Lines.ShouldContain("link add node-1b netns mr-t-switch type veth peer name eth1 netns mr-t-node-1");
        plan[1].Lines.ShouldContain("link set node-1b master br1 up");
        plan.Single(batch => batch.Namespace == "mr-t-client").Lines.ShouldContain("addr add 10.72.0.200/24 dev eth1");
        plan.Single(batch => batch.Namespace == "mr-t-node-2").Lines.ShouldContain("addr add fd00:72::12/64 dev eth1 nodad");
    }

    [Fact]
    public void Build_AnySize_UsesInterfaceNamesOfFifteenCharactersAtMost()
    {
        var topology = Topology.Create(SandboxName.Parse("abcdefghijkl"), Topology.MaxNodes, secondLan: true);
        var pod = topology.Nodes[^1].Pod("a-pod-with-a-rather-long-name", Topology.MaxPodsPerNode - 1);

        var names = NetworkPlan.Build(topology).Concat(NetworkPlan.AddPod(topology, pod))
            .SelectMany(batch => batch.Lines)
            .Where(line => line.StartsWith("link add", StringComparison.Ordinal))
            .SelectMany(line => line.Split(' ') is var words
                ? words.Where((_, index) => index > 0 && words[index - 1] is "add" or "name")
                : []);

        names.ShouldNotBeEmpty();
        names.ShouldAllBe(name => name.Length <= 15);
    }

    [Fact]
    public void Cut_AndReconnect_TouchOnlyTheSwitch()
    {
        var node = Two.Nodes[1];

        NetworkPlan.Cut(Two, node).ToString().ShouldBe("[mr-t-switch] link set node-2 down");
        NetworkPlan.CutSilently(Two, node).ToString().ShouldBe("[mr-t-switch] link set node-2 nomaster");
        NetworkPlan.Reconnect(Two, node).ToString().ShouldBe("[mr-t-switch] link set node-2 master br0 up");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    public void Create_NodesOutOfRange_Refuses(int nodes)
    {
        Should.Throw<ArgumentOutOfRangeException>(() => Topology.Create(SandboxName.Parse("t"), nodes));
    }
}
