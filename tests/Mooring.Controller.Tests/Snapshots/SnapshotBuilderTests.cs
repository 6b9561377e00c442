using System.Collections.Immutable;
using System.Net;
using k8s.Models;
using Mooring.Api.V1Alpha1;
using Mooring.Controller.Snapshots;
using Mooring.Controller.Validation;
using Mooring.Core.Placement;
using Mooring.Core.Snapshots;
using static Mooring.Controller.Tests.Fixtures;

namespace Mooring.Controller.Tests.Snapshots;

public sealed class SnapshotBuilderTests
{
    private static readonly IPAddress Address = IPAddress.Parse("10.70.0.100");

    [Fact]
    public void Build_GoodObjects_PublishesThem()
    {
        var result = SnapshotBuilder.Build(ThreeNodes());

        var vip = result.Snapshot.VirtualIps.ShouldHaveSingleItem();
        vip.Key.ToString().ShouldBe("default/web");
        vip.Forwarding.ShouldBe(ForwardingMode.Nat);
        vip.Ports.ShouldHaveSingleItem().BackendSetId.ShouldBe("default/web:8080");
        vip.Addresses.ShouldHaveSingleItem().Candidates.Order().ShouldBe(["node-1", "node-2", "node-3"]);
        var set = result.Snapshot.BackendSets.ShouldHaveSingleItem();
        set.Id.ShouldBe("default/web:8080");
        set.Backends.Select(backend => $"{backend.EndPoint} {backend.NodeName} {backend.DisplayName} {backend.Condition}")
            .ShouldBe(
            [
                "10.71.1.2:8080 node-1 pod/web-1 Ready",
                "10.71.2.2:8080 node-2 pod/web-2 Ready",
                "10.71.3.2:8080 node-3 pod/web-3 Ready",
            ]);
        result.Snapshot.Nodes.Select(node => node.Name).ShouldBe(["node-1", "node-2", "node-3"]);
        result.Snapshot.HeartbeatKeys.ShouldHaveSingleItem();
        result.AddressOwners[Address].ShouldBe(new NamespacedName("default", "web"));
    }

    [Fact]
    public void Build_LiveHolder_RanksFirstWithItsTerm()
    {
        foreach (var node in new[] { "node-1", "node-2", "node-3" })
        {
            var world = ThreeNodes() with
            {
                Holders = Held(node, 7),
                Terms = ImmutableDictionary<IPAddress, ulong>.Empty.Add(Address, 7),
            };

            var address = SnapshotBuilder.Build(world).Snapshot.VirtualIps[0].Addresses[0];

            address.Candidates[0].ShouldBe(node);
            address.Term.ShouldBe(7UL);
        }
    }

    [Fact]
    public void Build_FullSpec_CarriesEveryField()
    {
        var vip = Vip();
        vip.Spec.Failover = new VirtualIpFailover { HeartbeatInterval = "50ms", DetectMultiplier = 5 };
        var pool = Pool(change: spec =>
        {
            spec.Algorithm = "RoundRobin";
            spec.DrainTimeout = "1m";
            spec.SessionAffinity = new SessionAffinity { Type = "ClientIP", Timeout = "3h" };
            spec.HealthCheck = new HealthCheck
            {
                Type = "HTTP",
                Path = "/healthz",
                Port = 8081,
                Host = "web.example",
                ExpectedStatuses = ["200", "300-399"],
                Tls = new HealthCheckTls { InsecureSkipVerify = true },
                Interval = "1s",
                Timeout = "500ms",
                UnhealthyThreshold = 4,
                HealthyThreshold = 5,
            };
        });

        var snapshot = SnapshotBuilder.Build(ThreeNodes([vip], [pool])).Snapshot;

        snapshot.VirtualIps[0].HeartbeatInterval.ShouldBe(TimeSpan.FromMilliseconds(50));
        snapshot.VirtualIps[0].DetectMultiplier.ShouldBe(5);
        var set = snapshot.BackendSets[0];
        set.Algorithm.ShouldBe(BalancingAlgorithm.RoundRobin);
        set.DrainTimeout.ShouldBe(TimeSpan.FromMinutes(1));
        set.ClientAffinityTimeout.ShouldBe(TimeSpan.FromHours(3));
        var check = set.HealthCheck.ShouldNotBeNull();
        check.Type.ShouldBe(HealthCheckType.Http);
        (check.Path, check.Port, check.Host).ShouldBe(("/healthz", (ushort)8081, "web.example"));
        check.Tls.ShouldNotBeNull().SkipVerify.ShouldBeTrue();
        check.ExpectedStatuses.ShouldBe([new StatusRange(200, 200), new StatusRange(300, 399)]);
        (check.Interval, check.Timeout).ShouldBe((TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(500)));
        (check.UnhealthyThreshold, check.HealthyThreshold).ShouldBe((4, 5));
    }

    [Theory]
    [InlineData("10.70.0.300", Reasons.InvalidAddress)]
    [InlineData("10.70.100", Reasons.InvalidAddress)]
    [InlineData("224.0.0.18", Reasons.InvalidAddress)]
    [InlineData("127.0.0.1", Reasons.InvalidAddress)]
    [InlineData("0.0.0.0", Reasons.InvalidAddress)]
    [InlineData("fe80::1", Reasons.InvalidAddress)]
    [InlineData("::", Reasons.InvalidAddress)]
    [InlineData("::1", Reasons.InvalidAddress)]
    [InlineData("::ffff:10.70.0.1", Reasons.InvalidAddress)]
    [InlineData("ff02::1", Reasons.InvalidAddress)]
    [InlineData("fd00::1%eth0", Reasons.InvalidAddress)]
    [InlineData("[fd00::1]", Reasons.InvalidAddress)]
    [InlineData("fd00::1", Reasons.AddressOutsideSubnets)]
    [InlineData("10.99.0.1", Reasons.AddressOutsideSubnets)]
    public void Build_BadAddress_IsReportedAndOthersAreUntouched(string address, string reason)
    {
        var finding = FindingOf(Vip("bad", address));

        finding.Reason.ShouldBe(reason);
        finding.Field.ShouldBe("spec.addresses[0]");
        finding.Message.ShouldContain(address);
    }

    [Fact]
    public void Build_AddressOutsideSubnets_ListsTheSubnets()
    {
        FindingOf(Vip("bad", "10.99.0.1")).Message.ShouldContain("10.70.0.0/24");
    }

    [Fact]
    public void Build_NoAgentKnown_DoesNotBlameTheAddress()
    {
        var world = ThreeNodes() with { Agents = AgentSet() };

        var vip = SnapshotBuilder.Build(world).VirtualIps[0];

        vip.Accepted.ShouldBeTrue();
        vip.Placements[0].Candidates.ShouldBeEmpty();
        vip.Placements[0].Rejected.Select(node => node.Reason)
            .ShouldAllBe(reason => reason == IneligibleReason.AgentNotConnected);
    }

    [Fact]
    public void Build_AddressUsedByOlder_YoungerIsRefused()
    {
        var younger = Vip("aaa");
        younger.Metadata.CreationTimestamp = Now;

        var result = SnapshotBuilder.Build(ThreeNodes([younger, Vip()]));

        result.Snapshot.VirtualIps.ShouldHaveSingleItem().Key.Name.ShouldBe("web");
        var finding = result.VirtualIps.Single(vip => vip.Settings.Key.Name == "aaa").Findings.ShouldHaveSingleItem();
        finding.Reason.ShouldBe(Reasons.AddressConflict);
        finding.ToString().ShouldBe(
            "spec.addresses[0]: 10.70.0.100 is used by VirtualIp default/web; choose another address, or remove it there");
    }

    [Fact]
    public void Build_AddressUsedBySameAge_NameDecides()
    {
        var result = SnapshotBuilder.Build(ThreeNodes([Vip("b"), Vip("a")]));

        result.Snapshot.VirtualIps.ShouldHaveSingleItem().Key.Name.ShouldBe("a");
    }

    [Fact]
    public void Build_OlderEditedToATakenAddress_LeavesItWithItsUser()
    {
        var older = Vip("older");
        older.Metadata.CreationTimestamp = Now.AddDays(-9);
        var world = ThreeNodes([older, Vip()]) with
        {
            AddressOwners = ImmutableDictionary<IPAddress, NamespacedName>.Empty
                .Add(Address, new NamespacedName("default", "web")),
        };

        SnapshotBuilder.Build(world).Snapshot.VirtualIps.ShouldHaveSingleItem().Key.Name.ShouldBe("web");
    }

    [Fact]
    public void Build_InvalidVirtualIpWithTheSameAddress_DoesNotCompete()
    {
        var bad = Vip("aaa", "10.70.0.100", Port("a"), Port("b"));

        SnapshotBuilder.Build(ThreeNodes([bad, Vip()])).Snapshot.VirtualIps.ShouldHaveSingleItem().Key.Name.ShouldBe("web");
    }

    [Fact]
    public void Build_TwoPortsTheSame_IsReported()
    {
        var finding = FindingOf(Vip("bad", "10.70.0.101", Port("a"), Port("b")));

        finding.Reason.ShouldBe(Reasons.DuplicatePort);
        finding.ToString().ShouldBe(
            "spec.ports[1]: port 80/TCP is served by spec.ports[0] ('a') already; change the port or the protocol of "
            + "one, or remove it");
    }

    [Fact]
    public void Build_SamePortOnTwoProtocols_IsFine()
    {
        var result = SnapshotBuilder.Build(ThreeNodes([Vip("dns", "10.70.0.53", Port("tcp", 53), Port("udp", 53, protocol: "UDP"))]));

        result.Snapshot.VirtualIps[0].Ports.Length.ShouldBe(2);
        result.Snapshot.BackendSets.ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData("fast")]
    [InlineData("1ms")]
    [InlineData("1h")]
    public void Build_BadHeartbeatInterval_IsReported(string interval)
    {
        var vip = Vip("bad", "10.70.0.101");
        vip.Spec.Failover = new VirtualIpFailover { HeartbeatInterval = interval };

        var finding = FindingOf(vip);

        finding.Reason.ShouldBe(Reasons.InvalidDuration);
        finding.Field.ShouldBe("spec.failover.heartbeatInterval");
        finding.Message.ShouldContain("from 10ms to 10s");
    }

    [Fact]
    public void Build_BothAddressSources_IsReported()
    {
        var vip = Vip("bad", "10.70.0.101");
        vip.Spec.AddressPool = "public";

        FindingOf(vip).Reason.ShouldBe(Reasons.AddressSourceAmbiguous);
    }

    [Fact]
    public void Build_SeveralFindings_ReportsAll()
    {
        var vip = Vip("bad", "nonsense", Port(port: 0), Port("b", protocol: "DCCP"), Port("c", 81, target: "A B"));

        var reasons = Findings(vip).Select(finding => finding.Field).ToArray();

        reasons.ShouldBe(
            ["spec.addresses[0]", "spec.ports[0].port", "spec.ports[1].protocol", "spec.ports[2].targetPort"]);
    }

    [Fact]
    public void Build_UnknownPool_NamesTheFieldAndThePoolsThereAre()
    {
        var result = SnapshotBuilder.Build(ThreeNodes([Vip("bad", "10.70.0.101", Port(pool: "wbe")), Vip()]));

        result.Snapshot.VirtualIps.ShouldHaveSingleItem().Key.Name.ShouldBe("web");
        var vip = result.VirtualIps.Single(vip => vip.Settings.Key.Name == "bad");
        vip.Published.ShouldBeFalse();
        vip.Ports[0].Finding!.ToString().ShouldBe(
            "spec.ports[0].backendPool: no BackendPool 'wbe' in namespace default; create it, or name one of: web");
    }

    [Fact]
    public void Build_OnePortWithAnUnknownPool_ServesTheOthers()
    {
        var vip = Vip("web", "10.70.0.100", Port(), Port("other", 81, "gone"));

        var result = SnapshotBuilder.Build(ThreeNodes([vip]));

        result.Snapshot.VirtualIps[0].Ports.ShouldHaveSingleItem().Port.ShouldBe((ushort)80);
        result.VirtualIps[0].Ports[1].Finding!.Reason.ShouldBe(Reasons.UnknownBackendPool);
    }

    [Fact]
    public void Build_PoolOfAnotherNamespace_IsUnknown()
    {
        var pool = Pool();
        pool.Metadata.NamespaceProperty = "other";

        SnapshotBuilder.Build(ThreeNodes(pools: [pool])).VirtualIps[0].Ports[0].Finding!.Reason
            .ShouldBe(Reasons.UnknownBackendPool);
    }

    [Fact]
    public void Build_InvalidPool_IsReportedAtThePort()
    {
        var pool = Pool(change: spec => spec.HealthCheck = new HealthCheck { Type = "HTTP", Interval = "0s" });

        var result = SnapshotBuilder.Build(ThreeNodes(pools: [pool]));

        result.Pools[0].Settings.Findings[0].Field.ShouldBe("spec.healthCheck.interval");
        result.VirtualIps[0].Ports[0].Finding!.Reason.ShouldBe(Reasons.InvalidBackendPool);
        result.Snapshot.VirtualIps.ShouldBeEmpty();
    }

    [Fact]
    public void Build_NoEligibleNode_SaysWhyForEachNode()
    {
        var vip = Vip();
        vip.Spec.NodeSelector = new Dictionary<string, string> { ["edge"] = "true" };

        var placement = SnapshotBuilder.Build(ThreeNodes([vip])).VirtualIps[0].Placements[0];

        placement.Candidates.ShouldBeEmpty();
        placement.Rejected.Length.ShouldBe(3);
        placement.Rejected[0].Message.ShouldContain("edge=true");
    }

    [Fact]
    public void Build_VirtualIpBeingDeleted_IsLeftOut()
    {
        var vip = Vip();
        vip.Metadata.DeletionTimestamp = Now;

        var result = SnapshotBuilder.Build(ThreeNodes([vip]));

        result.Snapshot.VirtualIps.ShouldBeEmpty();
        result.Snapshot.BackendSets.ShouldBeEmpty();
    }

    [Fact]
    public void Build_AgentWithoutANodeObject_HoldsNothing()
    {
        var world = ThreeNodes() with { Nodes = [Node("node-2")] };

        var placement = SnapshotBuilder.Build(world).VirtualIps[0].Placements[0];

        placement.Candidates.ShouldBe(["node-2"]);
        placement.Rejected.Select(node => node.Reason).ShouldAllBe(reason => reason == IneligibleReason.NodeNotReady);
    }

    [Theory]
    [InlineData("Auto", false, ForwardingMode.Nat, "NotEveryAgentCan")]
    [InlineData("Auto", true, ForwardingMode.Direct, "EveryAgentCan")]
    [InlineData("Direct", false, ForwardingMode.Nat, "DirectUnsupported")]
    [InlineData("Nat", true, ForwardingMode.Nat, "Requested")]
    public void Build_Forwarding_FollowsWhatAgentsCan(string wanted, bool can, ForwardingMode mode, string reason)
    {
        var vip = Vip();
        vip.Spec.Forwarding = wanted;
        var world = ThreeNodes([vip]);
        var modes = can ? ImmutableArray.Create(ForwardingMode.Nat, ForwardingMode.Direct) : [ForwardingMode.Nat];
        world = world with
        {
            Agents = world.Agents.ToImmutableDictionary(
                agent => agent.Key, agent => agent.Value with { ForwardingModes = modes }),
        };

        var forwarding = SnapshotBuilder.Build(world).VirtualIps[0].Forwarding!;

        (forwarding.Mode, forwarding.Reason).ShouldBe((mode, reason));
    }

    [Theory]
    [InlineData("Auto")]
    [InlineData("Direct")]
    public void Build_SctpPort_IsForwardedInNatMode(string wanted)
    {
        var vip = Vip("web", "10.70.0.100", Port(), Port("diameter", 3868, protocol: "SCTP"));
        vip.Spec.Forwarding = wanted;
        var world = ThreeNodes([vip]);
        world = world with
        {
            Agents = world.Agents.ToImmutableDictionary(
                agent => agent.Key,
                agent => agent.Value with { ForwardingModes = [ForwardingMode.Nat, ForwardingMode.Direct] }),
        };

        var result = SnapshotBuilder.Build(world);

        result.Snapshot.VirtualIps[0].Ports.Select(port => port.Protocol).ShouldBe([TransportProtocol.Tcp, TransportProtocol.Sctp]);
        var forwarding = result.VirtualIps[0].Forwarding!;
        (forwarding.Mode, forwarding.Reason).ShouldBe((ForwardingMode.Nat, "ProtocolNeedsNat"));
        forwarding.Message.ShouldStartWith("spec.ports[1] is SCTP");
    }

    [Fact]
    public void Build_SpecsFullOfNulls_AreReportedNotThrown()
    {
        var vip = Vip("bad");
        vip.Spec = null!;
        var pool = Pool("bad");
        pool.Spec = null!;

        var result = SnapshotBuilder.Build(ThreeNodes([vip, Vip()], [pool, Pool()]));

        result.Snapshot.VirtualIps.ShouldHaveSingleItem();
        result.Pools.Single(p => p.Settings.Key.Name == "bad").Settings.Findings[0].Reason
            .ShouldBe(Reasons.EndpointSourceMissing);
    }

    /// <summary>The finding of a VirtualIp beside a good one, which must be published as ever.</summary>
    private static Finding FindingOf(V1Alpha1VirtualIp bad) => Findings(bad).ShouldHaveSingleItem();

    private static ImmutableArray<Finding> Findings(V1Alpha1VirtualIp bad)
    {
        var result = SnapshotBuilder.Build(ThreeNodes([bad, Vip()]));
        result.Snapshot.VirtualIps.ShouldHaveSingleItem().Key.Name.ShouldBe("web");
        return result.VirtualIps.Single(vip => vip.Settings.Key.Name == bad.Metadata.Name).Findings;
    }
}
