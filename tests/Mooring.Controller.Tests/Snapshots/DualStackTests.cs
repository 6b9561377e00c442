using System.Collections.Immutable;
using System.Net;
using k8s.Models;
using Mooring.Api.V1Alpha1;
using Mooring.Controller.Snapshots;
using Mooring.Controller.Validation;
using Mooring.Controller.World;
using Mooring.Core.Placement;
using Mooring.Core.Snapshots;
using static Mooring.Controller.Tests.Fixtures;

namespace Mooring.Controller.Tests.Snapshots;

/// <summary>IPv6 addresses alone and beside IPv4: nodes, pods and clients have both.</summary>
public sealed class DualStackTests
{
    private const string Vip4 = "10.70.0.100";
    private const string Vip6 = "fd00:70::100";

    [Fact]
    public void Build_BothFamilies_PlacesEachAndPublishesTheEndpointsOfBoth()
    {
        var result = SnapshotBuilder.Build(World(Dual()));

        var vip = result.VirtualIps.ShouldHaveSingleItem();
        vip.Findings.ShouldBeEmpty();
        vip.Placements.ShouldAllBe(placement => placement.Candidates.Length == 3);
        result.Snapshot.VirtualIps[0].Addresses.Select(intent => intent.Address.ToString()).ShouldBe([Vip4, Vip6]);
        Addresses(result).ShouldBe(
            ["10.71.1.2", "10.71.2.2", "10.71.3.2", "fd00:71:1::2", "fd00:71:2::2", "fd00:71:3::2"]);
    }

    [Theory]
    [InlineData(Vip4, "10.71.1.2")]
    [InlineData(Vip6, "fd00:71:1::2")]
    public void Build_OneFamily_LeavesTheEndpointsOfTheOtherOut(string address, string first)
    {
        var result = SnapshotBuilder.Build(World(Vip(address: address)));

        Addresses(result).Length.ShouldBe(3);
        Addresses(result)[0].ShouldBe(first);
        result.VirtualIps[0].Ports[0].Set!.Backends.Length.ShouldBe(3);
    }

    [Fact]
    public void Build_PoolSharedByVipsOfDifferentFamilies_EachCountsItsOwn()
    {
        var result = SnapshotBuilder.Build(World(Vip("four", Vip4), Vip("six", Vip6)));

        result.VirtualIps.ShouldAllBe(vip => vip.Ports[0].Set!.Backends.Length == 3);
        Addresses(result).Length.ShouldBe(6, "the agents' set has what both need");
    }

    [Fact]
    public void Build_PodsOfOneFamilyOnly_TellsWhichAddressLeadsNowhere()
    {
        var world = World(Dual()) with { Pods = ThreeNodes().Pods };

        var vip = SnapshotBuilder.Build(world).VirtualIps[0];

        vip.Published.ShouldBeTrue("the other address is served");
        var finding = vip.Ports[0].Finding.ShouldNotBeNull();
        finding.Reason.ShouldBe(Reasons.NoEndpointsOfFamily);
        finding.Field.ShouldBe("spec.ports[0].backendPool");
        finding.Message.ShouldStartWith($"{Vip6} leads to no endpoint: none of BackendPool 'web' has an IPv6 address");
    }

    [Fact]
    public void Build_FixedEndpointsAndSlicesOfBothFamilies_AreTaken()
    {
        var pool = Pool(change: spec =>
        {
            spec.Selector = null;
            spec.Endpoints =
            [
                new StaticEndpoint { Address = "192.0.2.1", Port = 80, Weight = 1 },
                new StaticEndpoint { Address = "2001:db8::1", Port = 80, Weight = 1 },
            ];
        });

        Addresses(SnapshotBuilder.Build(World(Dual()) with { BackendPools = [pool] }))
            .ShouldBe(["192.0.2.1", "2001:db8::1"]);
    }

    [Fact]
    public void Build_AddressOfTheSubnetItself_IsRefusedByEveryNode()
    {
        var vip = SnapshotBuilder.Build(World(Vip(address: "fd00:70::"))).VirtualIps[0];

        vip.Placements[0].Candidates.ShouldBeEmpty();
        vip.Placements[0].Rejected.ShouldAllBe(node => node.Reason == IneligibleReason.AddressUnusable);
        vip.Placements[0].Rejected[0].Message.ShouldBe("fd00:70:: is the subnet-router anycast address of fd00:70::/64");
    }

    [Fact]
    public void Build_OneNodeHasNoIPv6_HoldsTheIPv4AddressOnly()
    {
        var world = World(Dual());
        world = world with { Agents = world.Agents.SetItem("node-2", Agent("node-2", "10.70.0.12")) };

        var vip = SnapshotBuilder.Build(world).VirtualIps[0];

        vip.Placements[0].Candidates.ShouldContain("node-2");
        vip.Placements[1].Candidates.ShouldNotContain("node-2");
        vip.Placements[1].Rejected.ShouldHaveSingleItem().Reason.ShouldBe(IneligibleReason.NoInterfaceInSubnet);
    }

    [Fact]
    public void Build_OneFamilyHasTerminatingEndpointsOnly_TheyTakeConnectionsOfThatFamily()
    {
        var leaving = DualStackPod(1);
        leaving.Metadata.DeletionTimestamp = Now;
        var world = World(Dual()) with { Pods = [leaving, Pod("web-2", "10.71.2.2", "node-2")] };

        SnapshotBuilder.Build(world).Snapshot.BackendSets[0].Backends.Select(backend => $"{backend.EndPoint} {backend.Condition}")
            .ShouldBe(["10.71.1.2:8080 Draining", "10.71.2.2:8080 Ready", "[fd00:71:1::2]:8080 Ready"]);
    }

    private static V1Alpha1VirtualIp Dual()
    {
        var vip = Vip();
        vip.Spec!.Addresses = [Vip4, Vip6];
        return vip;
    }

    private static ClusterWorld World(params V1Alpha1VirtualIp[] vips) => ThreeNodes(vips) with
    {
        Pods = [.. Enumerable.Range(1, 3).Select(DualStackPod)],
        Agents = AgentSet([.. Enumerable.Range(1, 3).Select(DualStackAgent)]),
    };

    private static V1Pod DualStackPod(int number)
    {
        var pod = Pod($"web-{number}", $"10.71.{number}.2", $"node-{number}");
        pod.Status!.PodIPs = [new V1PodIP { Ip = $"10.71.{number}.2" }, new V1PodIP { Ip = $"fd00:71:{number}::2" }];
        return pod;
    }

    private static AgentFacts DualStackAgent(int number)
    {
        var agent = Agent($"node-{number}", $"10.70.0.1{number}");
        var own = new InterfaceAddress(IPAddress.Parse($"fd00:70::1{number}"), IPNetwork.Parse("fd00:70::/64"));
        return agent with
        {
            Interfaces = [agent.Interfaces[0] with { Addresses = [.. agent.Interfaces[0].Addresses, own] }],
        };
    }

    private static ImmutableArray<string> Addresses(BuildResult result) =>
        [.. result.Snapshot.BackendSets.Single().Backends.Select(backend => backend.Address.ToString())];
}
