using k8s.Models;
using Mooring.Api.V1Alpha1;
using Mooring.Cli.Doctor;

namespace Mooring.Cli.Tests;

public sealed class DiagnosisTests
{
    private static readonly DateTime Now = new(2026, 11, 21, 12, 0, 0, DateTimeKind.Utc);

    private static readonly ClusterSight Healthy = new()
    {
        Now = Now,
        Lease = new V1Lease { Spec = new V1LeaseSpec { RenewTime = Now.AddSeconds(-3), LeaseDurationSeconds = 15 } },
    };

    [Fact]
    public void Of_HealthyCluster_FindsNothing() => Diagnosis.Of(Healthy).ShouldBeEmpty();

    [Fact]
    public void Of_LeaseNotRenewed_SaysThatNobodyLeads()
    {
        var sight = Healthy with
        {
            Lease = new V1Lease { Spec = new V1LeaseSpec { RenewTime = Now.AddMinutes(-5), LeaseDurationSeconds = 15 } },
        };

        Diagnosis.Of(sight).ShouldHaveSingleItem().Problem.ShouldBe("no controller leads since 2026-11-21 11:55:00Z");
    }

    [Theory]
    [InlineData("mode: \"ipvs\"\nipvs:\n  strictARP: false", 1)]
    [InlineData("mode: ipvs\nipvs: {}", 1)]
    [InlineData("mode: \"ipvs\"\nipvs:\n  strictARP: true", 0)]
    [InlineData("mode: \"iptables\"\nipvs:\n  strictARP: false", 0)]
    [InlineData("mode: \"\"", 0)]
    public void Of_KubeProxy_WantsStrictArpInIpvsModeOnly(string configuration, int troubles)
    {
        Diagnosis.Of(Healthy with { KubeProxy = configuration }).Count(trouble => trouble.Problem.Contains("strictARP")).ShouldBe(troubles);
    }

    [Fact]
    public void Of_MetalLBRunning_WarnsOfIt()
    {
        var speaker = new V1Pod { Metadata = new V1ObjectMeta { Name = "speaker", NamespaceProperty = "metallb-system" } };

        var trouble = Diagnosis.Of(Healthy with { Announcers = [speaker, speaker] }).ShouldHaveSingleItem();

        trouble.Serious.ShouldBeFalse();
        trouble.Where.ShouldBe("namespace metallb-system");
    }

    [Fact]
    public void Of_ForeignHostClaimsAnAddress_IsSerious()
    {
        var vip = Vip(new VirtualIpStatus
        {
            Conditions =
            [
                new V1Condition { Type = "Ready", Status = "False" },
                new V1Condition { Type = "Uncontested", Status = "False", Reason = "ForeignHost", Message = "52:54:00:00:00:01 claims 10.70.0.100" },
            ],
        });

        var trouble = Diagnosis.Of(Healthy with { VirtualIps = [vip] }).ShouldHaveSingleItem();

        trouble.Serious.ShouldBeTrue();
        trouble.Problem.ShouldBe("ForeignHost: 52:54:00:00:00:01 claims 10.70.0.100");
        trouble.Fix.ShouldContain("MAC address");
    }

    [Fact]
    public void Of_NodeThatCannotHold_IsToldOnceForAllAddresses()
    {
        var status = new VirtualIpStatus
        {
            Candidates =
            [
                new CandidateNode { Node = "node-1", Reason = "InterfaceDown", Message = "eth0 is down" },
                new CandidateNode { Node = "node-2", Role = "Holder", Eligible = true },
                new CandidateNode { Node = "node-3", Reason = "Draining", Message = "the node is being drained" },
            ],
        };
        var nodes = new[] { "node-1", "node-2", "node-3" }
            .Select(name => new V1Node { Metadata = new V1ObjectMeta { Name = name } }).ToList();

        var trouble = Diagnosis.Of(Healthy with { VirtualIps = [Vip(status), Vip(status)], Nodes = nodes }).ShouldHaveSingleItem();

        trouble.Where.ShouldBe("node node-1");
        trouble.Problem.ShouldBe("it cannot hold addresses (InterfaceDown): eth0 is down");
    }

    [Fact]
    public void Of_ProblemOfANode_IsToldOnceForAllAddresses()
    {
        const string Mtu = "node-2: eth0 has an MTU of 1400, and 1500 is that of node-1 on the same segment 10.70.0.0/24: run ip link set eth0 mtu 1500";
        var vip = Vip(new VirtualIpStatus
        {
            Conditions = [new V1Condition { Type = "Unobstructed", Status = "False", Reason = "NodeProblem", Message = Mtu }],
        });

        var trouble = Diagnosis.Of(Healthy with { VirtualIps = [vip, vip, vip] }).ShouldHaveSingleItem();

        trouble.Serious.ShouldBeFalse();
        trouble.Where.ShouldBe("vip default/web and 2 more");
        trouble.Problem.ShouldBe($"NodeProblem: {Mtu}");
        trouble.Fix.ShouldStartWith("do on the node that it names");
    }

    [Fact]
    public void Of_DrainedNode_NamesTheWayBack()
    {
        var node = new V1Node
        {
            Metadata = new V1ObjectMeta { Name = "node-1", Annotations = new Dictionary<string, string> { ["mooring.dev/drain"] = "true" } },
        };

        Diagnosis.Of(Healthy with { Nodes = [node] }).ShouldHaveSingleItem().Fix.ShouldStartWith("kubectl mooring undrain node-1");
    }

    [Fact]
    public void Of_AutoFellBackToNat_SaysWhy()
    {
        var vip = Vip(new VirtualIpStatus
        {
            Forwarding = new ForwardingStatus { Mode = "Nat", Reason = "NotCapable", Message = "node-2: no VXLAN device" },
        });

        Diagnosis.Of(Healthy with { VirtualIps = [vip] }).ShouldHaveSingleItem().Problem
            .ShouldBe("connections do not outlive a failover, as forwarding is Nat: node-2: no VXLAN device");
    }

    [Fact]
    public void Of_CertificateAboutToExpire_NamesTheEndpoint()
    {
        var pool = new V1Alpha1BackendPool
        {
            Metadata = new V1ObjectMeta { Name = "web", NamespaceProperty = "default" },
            Status = new BackendPoolStatus
            {
                Endpoints = [new EndpointStatus { Address = "10.71.1.2", Port = 8443, State = "Ready", Warning = "TLS: certificate expires 2026-12-01" }],
            },
        };

        Diagnosis.Of(Healthy with { BackendPools = [pool] }).ShouldHaveSingleItem().Problem
            .ShouldBe("10.71.1.2:8443: TLS: certificate expires 2026-12-01");
    }

    private static V1Alpha1VirtualIp Vip(VirtualIpStatus status) => new()
    {
        Metadata = new V1ObjectMeta { Name = "web", NamespaceProperty = "default" },
        Spec = new VirtualIpSpec { Addresses = ["10.70.0.100"] },
        Status = status,
    };
}
