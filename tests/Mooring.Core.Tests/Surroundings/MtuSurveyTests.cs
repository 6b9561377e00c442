using System.Net;
using System.Net.NetworkInformation;
using Mooring.Core.Snapshots;
using Mooring.Core.Surroundings;

namespace Mooring.Core.Tests.Surroundings;

public sealed class MtuSurveyTests
{
    private const string Vip = "10.70.0.100";
    private const string VipV6 = "fd00:70::100";

    [Theory]
    [InlineData(1500)]
    [InlineData(9000)]
    [InlineData(1400)]
    public void Find_SameMtuEverywhere_FindsNothing(int mtu) => Messages(Cluster(Vip, mtu, mtu, mtu)).ShouldBeEmpty();

    [Fact]
    public void Find_SmallerThanTheOthers_SaysTheFix() =>
        Messages(Cluster(Vip, 1400, 1500, 1500)).ShouldBe(
        [
            "eth0 has an MTU of 1400, and 1500 is that of node-2, node-3 on the same segment 10.70.0.0/24: packets above 1400 bytes "
            + "between them may be dropped without an ICMP error; run ip link set eth0 mtu 1500",
        ]);

    [Fact]
    public void Find_LargerThanTheOthers_SaysTheFix() =>
        Messages(Cluster(Vip, 9000, 1500, 1500, 1500, 1500)).ShouldHaveSingleItem()
            .ShouldContain("1500 is that of node-2, node-3, node-4 and 1 more on the same segment");

    [Fact]
    public void Find_AnotherNodeDiffers_IsForThatNodeToTell() => Messages(Cluster(Vip, 1500, 1500, 9000)).ShouldBeEmpty();

    [Theory]
    [InlineData(1500, 9000, true)]
    [InlineData(9000, 1500, false)]
    public void Find_NoMajority_IsToldByTheSmaller(int mine, int other, bool told) =>
        Messages(Cluster(Vip, mine, other)).Length.ShouldBe(told ? 1 : 0);

    [Fact]
    public void Find_OtherMtuOnAnotherSegment_FindsNothing()
    {
        var cluster = Cluster(Vip, 9000, 9000);
        var routed = new NodePeer { Name = "node-9", Interfaces = [On("eth0", 1500, "10.80.0.9/24")] };

        Messages(cluster with { Nodes = cluster.Nodes.Add(routed) }).ShouldBeEmpty();
    }

    [Fact]
    public void Find_SegmentWithoutAddresses_FindsNothing() => Messages(Cluster("192.0.2.100", 1400, 1500, 1500)).ShouldBeEmpty();

    [Fact]
    public void Find_OthersAwayOrDown_AreNotComparedWith()
    {
        var cluster = Cluster(Vip, 1400, 1500, 1500);
        var (away, down) = (cluster.Nodes[1] with { Away = true }, cluster.Nodes[2]);

        Messages(cluster with
        {
            Nodes = [cluster.Nodes[0], away, down with { Interfaces = [down.Interfaces[0] with { Up = false }] }],
        }).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(1329, ForwardingMode.Direct, VipV6, true)]
    [InlineData(1330, ForwardingMode.Direct, VipV6, false)]
    [InlineData(1329, ForwardingMode.Nat, VipV6, false)]
    [InlineData(1329, ForwardingMode.Direct, Vip, false)]
    public void Find_TooSmallForIPv6InTheTunnel_IsToldInDirectMode(int mtu, ForwardingMode mode, string vip, bool told)
    {
        var cluster = Cluster(vip, mtu, mtu);

        Messages(cluster with { VirtualIps = [cluster.VirtualIps[0] with { Forwarding = mode }] }).ShouldBe(told
            ?
            [
                "eth0 has an MTU of 1329, which leaves 1279 in the tunnels to other nodes, and IPv6 needs 1280: give it 1330 or more by "
                + "ip link set eth0 mtu, or set spec.forwarding: Nat",
            ]
            : []);
    }

    [Fact]
    public void Find_UnknownNode_FindsNothing() => MtuSurvey.Find(Cluster(Vip, 1400, 1500), "elsewhere").ShouldBeEmpty();

    private static string[] Messages(ClusterSnapshot snapshot) => [.. MtuSurvey.Find(snapshot, "node-1").Select(problem => problem.Message)];

    /// <summary>Nodes from node-1 on with an interface each.</summary>
    private static ClusterSnapshot Cluster(string vip, params int[] mtus) => new()
    {
        Revision = 1,
        Nodes = [.. mtus.Select((mtu, i) => new NodePeer { Name = $"node-{i + 1}", Interfaces = [On("eth0", mtu, $"10.70.0.{i + 11}/24")] })],
        VirtualIps =
        [
            new VirtualIpIntent
            {
                Key = new NamespacedName("default", "web"),
                Addresses = [new AddressIntent { Address = IPAddress.Parse(vip), Candidates = ["node-1"] }],
            },
        ],
    };

    private static NodeInterface On(string name, int mtu, string address)
    {
        var own = IPAddress.Parse(address.Split('/')[0]);
        var network = own.GetAddressBytes();
        network[3] = 0;
        return new NodeInterface
        {
            Name = name,
            Index = 2,
            MacAddress = PhysicalAddress.Parse("02-00-00-00-00-01"),
            Up = true,
            Mtu = mtu,
            Addresses = [new InterfaceAddress(own, new IPNetwork(new IPAddress(network), 24))],
        };
    }
}
