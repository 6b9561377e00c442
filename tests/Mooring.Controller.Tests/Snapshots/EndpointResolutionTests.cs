using k8s.Models;
using Mooring.Api.V1Alpha1;
using Mooring.Controller.Snapshots;
using Mooring.Controller.Validation;
using Mooring.Controller.World;
using Mooring.Core.Snapshots;
using static Mooring.Controller.Tests.Fixtures;

namespace Mooring.Controller.Tests.Snapshots;

public sealed class EndpointResolutionTests
{
    [Fact]
    public void Selector_PodStates_BecomeConditions()
    {
        var leaving = Pod("d", "10.71.1.4");
        leaving.Metadata.DeletionTimestamp = Now;
        var done = Pod("e", "10.71.1.5");
        done.Status!.Phase = "Succeeded";
        var world = ThreeNodes() with
        {
            Pods =
            [
                Pod("b", "10.71.1.3", ready: false), Pod("a", "10.71.1.2"), leaving, done,
                Pod("f", null), Pod("g", "10.71.1.7", app: "other"),
            ],
        };

        Resolve(world).Backends.Select(backend => $"{backend.DisplayName} {backend.Condition}")
            .ShouldBe(["pod/a Ready", "pod/b NotReady", "pod/d Draining"]);
    }

    [Fact]
    public void Selector_MatchesNothing_SaysTheSelector()
    {
        var (port, set) = (Evaluate(ThreeNodes() with { Pods = [] }), Resolve(ThreeNodes() with { Pods = [] }));

        set.Backends.ShouldBeEmpty();
        port.Finding!.Reason.ShouldBe(Reasons.NoMatchingEndpoints);
        port.Finding.ToString().ShouldBe(
            "spec.ports[0].backendPool: BackendPool 'web': spec.selector: no pod in namespace default has the labels "
            + "app=web; label the pods or change the selector");
    }

    [Fact]
    public void Selector_NamedPort_IsLookedUpInEachPod()
    {
        var other = Pod("web-4", "10.71.1.9");
        other.Spec!.Containers![0].Ports![0].ContainerPort = 9090;
        var unnamed = Pod("web-5", "10.71.1.10");
        unnamed.Spec!.Containers![0].Ports![0].Name = "metrics";
        var world = ThreeNodes([Vip(ports: Port(target: "http"))]) with { Pods = [Pod("web-1", "10.71.1.2"), other, unnamed] };

        var set = Resolve(world);

        set.Id.ShouldBe("default/web:http");
        set.Backends.Select(backend => backend.EndPoint.ToString()).ShouldBe(["10.71.1.2:8080", "10.71.1.9:9090"]);
    }

    [Fact]
    public void Selector_UnknownNamedPort_SaysSo()
    {
        var finding = Evaluate(ThreeNodes([Vip(ports: Port(target: "https"))])).Finding!;

        finding.Reason.ShouldBe(Reasons.UnknownTargetPort);
        finding.Field.ShouldBe("spec.ports[0].targetPort");
        finding.Message.ShouldContain("named 'https'");
    }

    [Fact]
    public void TargetPort_Absent_IsThePort()
    {
        var vip = Vip(ports: new VirtualIpPort { Name = "a", Port = 81, BackendPool = "web" });

        Resolve(ThreeNodes([vip])).Id.ShouldBe("default/web:81");
    }

    [Theory]
    [InlineData(80)] // the Service's port
    [InlineData(8080)] // the endpoints' own
    public void ServiceRef_PortByNumber_Resolves(int target)
    {
        Resolve(ServiceWorld(target)).Backends
            .Select(backend => $"{backend.EndPoint} {backend.DisplayName} {backend.NodeName} {backend.Condition}")
            .ShouldBe(
            [
                "10.71.1.2:8080 pod/web-1 node-1 Ready",
                "10.71.1.3:8080 10.71.1.3  NotReady",
                "10.71.1.4:8080 10.71.1.4  Draining",
            ]);
    }

    [Fact]
    public void ServiceRef_PortByName_Resolves()
    {
        Resolve(ServiceWorld("http")).Backends.Length.ShouldBe(3);
    }

    [Fact]
    public void ServiceRef_UnknownPort_SaysSo()
    {
        Evaluate(ServiceWorld("grpc")).Finding!.Reason.ShouldBe(Reasons.UnknownTargetPort);
    }

    [Fact]
    public void ServiceRef_UnknownService_SaysSo()
    {
        Evaluate(ServiceWorld(80) with { Services = [] }).Finding!.Reason.ShouldBe(Reasons.UnknownService);
    }

    [Fact]
    public void ServiceRef_WithoutEndpoints_SaysSo()
    {
        Evaluate(ServiceWorld(80) with { EndpointSlices = [] }).Finding!.Reason.ShouldBe(Reasons.NoMatchingEndpoints);
    }

    [Fact]
    public void ServiceRef_SameEndpointInTwoSlices_CountsOnce()
    {
        var world = ServiceWorld(80);
        world = world with { EndpointSlices = [.. world.EndpointSlices, .. world.EndpointSlices] };

        Resolve(world).Backends.Length.ShouldBe(3);
    }

    [Fact]
    public void Endpoints_FixedPortsAndWeights_AreTaken()
    {
        var pool = Pool(change: spec =>
        {
            spec.Selector = null;
            spec.Endpoints =
            [
                new StaticEndpoint { Address = "192.0.2.2", Port = 9000, Weight = 5 },
                new StaticEndpoint { Address = "192.0.2.1" },
            ];
        });

        Resolve(ThreeNodes(pools: [pool])).Backends.Select(backend => $"{backend.EndPoint} {backend.Weight} {backend.DisplayName}")
            .ShouldBe(["192.0.2.1:8080 1 192.0.2.1", "192.0.2.2:9000 5 192.0.2.2"]);
    }

    [Theory]
    [InlineData(false, false, false, Reasons.EndpointSourceMissing)]
    [InlineData(true, true, false, Reasons.EndpointSourceAmbiguous)]
    [InlineData(true, false, true, Reasons.EndpointSourceAmbiguous)]
    public void Source_NotExactlyOne_IsReported(bool selector, bool service, bool endpoints, string reason)
    {
        var pool = Pool(change: spec =>
        {
            spec.Selector = selector ? spec.Selector : null;
            spec.ServiceRef = service ? new ServiceReference { Name = "web" } : null;
            spec.Endpoints = endpoints ? [new StaticEndpoint { Address = "192.0.2.1" }] : null;
        });

        BackendPoolReader.Read(pool).Findings.ShouldHaveSingleItem().Reason.ShouldBe(reason);
    }

    [Fact]
    public void Source_EmptySelector_IsReported()
    {
        BackendPoolReader.Read(Pool(change: spec => spec.Selector!.Clear())).Findings.ShouldHaveSingleItem()
            .Field.ShouldBe("spec.selector");
    }

    private static ClusterWorld ServiceWorld(IntstrIntOrString target)
    {
        var slice = new V1EndpointSlice
        {
            Metadata = Meta("web-abc"),
            AddressType = "IPv4",
            Ports = [new Discoveryv1EndpointPort { Name = "http", Port = 8080 }],
            Endpoints =
            [
                new V1Endpoint
                {
                    Addresses = ["10.71.1.2"],
                    NodeName = "node-1",
                    TargetRef = new V1ObjectReference { Kind = "Pod", Name = "web-1" },
                },
                new V1Endpoint { Addresses = ["10.71.1.3"], Conditions = new V1EndpointConditions { Ready = false } },
                new V1Endpoint
                {
                    Addresses = ["10.71.1.4"],
                    Conditions = new V1EndpointConditions { Ready = false, Serving = true, Terminating = true },
                },
            ],
        };
        slice.Metadata.Labels!["kubernetes.io/service-name"] = "web";
        var pool = Pool(change: spec =>
        {
            spec.Selector = null;
            spec.ServiceRef = new ServiceReference { Name = "web" };
        });
        return ThreeNodes([Vip(ports: Port(target: target))], [pool]) with
        {
            Services =
            [
                new V1Service
                {
                    Metadata = Meta("web"),
                    Spec = new V1ServiceSpec { Ports = [new V1ServicePort { Name = "http", Port = 80, TargetPort = 8080 }] },
                },
            ],
            EndpointSlices = [slice],
        };
    }

    private static BackendSet Resolve(ClusterWorld world) => Evaluate(world).Set!;

    private static PortEvaluation Evaluate(ClusterWorld world) => SnapshotBuilder.Build(world).VirtualIps[0].Ports[0];
}
