using k8s.Models;
using Mooring.Api.V1Alpha1;
using Mooring.Controller.Agents;
using Mooring.Controller.Reporting;
using Mooring.Controller.Snapshots;
using Mooring.Controller.World;
using static Mooring.Controller.Tests.Fixtures;

namespace Mooring.Controller.Tests.Snapshots;

/// <summary>What Kubernetes says of pods and EndpointSlices, and who takes connections by it.</summary>
public sealed class EndpointReadinessTests
{
    [Fact]
    public void Pod_GateNotTrue_IsNotReadyInTheWordsOfKubernetes()
    {
        var gated = Pod("web-1", "10.71.1.2", ready: false);
        gated.Status!.Conditions =
        [
            new V1PodCondition { Type = "ContainersReady", Status = "True" },
            new V1PodCondition
            {
                Type = "Ready",
                Status = "False",
                Reason = "ReadinessGatesNotReady",
                Message = "corresponding condition of pod readiness gate \"example.com/warm\" does not exist.",
            },
        ];

        States(World(gated, Pod("web-2", "10.71.2.2", "node-2"))).ShouldBe(
        [
            "web-1 NotReady not ready, by Kubernetes: corresponding condition of pod readiness gate \"example.com/warm\" does not exist.",
            "web-2 Ready ",
        ]);
    }

    [Fact]
    public void Pod_NodeNotReady_IsNotReady()
    {
        var world = World(Pod("web-1", "10.71.1.2"), Pod("web-2", "10.71.2.2", "node-2")) with
        {
            Nodes = [Node("node-1", ready: false), Node("node-2")],
        };

        States(world).ShouldBe(["web-1 NotReady node node-1 is not Ready", "web-2 Ready "]);
    }

    [Fact]
    public void Pods_AllOnNodesThatAreNotReady_TakeConnections()
    {
        var world = World(Pod("web-1", "10.71.1.2"), Pod("web-2", "10.71.2.2", "node-2", ready: false)) with
        {
            Nodes = [Node("node-1", ready: false), Node("node-2", ready: false)],
        };

        States(world).ShouldBe(
        [
            "web-1 Ready node node-1 is not Ready; it takes connections as no endpoint is ready",
            "web-2 NotReady not ready, by Kubernetes",
        ]);
    }

    [Fact]
    public void Pods_OneReady_TerminatingOnesTakeNoConnections()
    {
        States(World(Terminating("web-1", "10.71.1.2"), Pod("web-2", "10.71.2.2", "node-2")))
            .ShouldBe(["web-1 Draining terminating", "web-2 Ready "]);
    }

    [Fact]
    public void Pods_NoneReady_TerminatingOnesThatPassTheirProbeTakeConnections()
    {
        var drained = Terminating("web-4", "10.71.1.5");
        drained.Metadata.Annotations = new Dictionary<string, string> { ["mooring.dev/drain"] = "true" };
        var world = World(
            Terminating("web-1", "10.71.1.2"),
            Terminating("web-2", "10.71.1.3", ready: false),
            Pod("web-3", "10.71.1.4", ready: false),
            drained);

        States(world).ShouldBe(
        [
            "web-1 Ready terminating; it takes connections as no endpoint is ready",
            "web-2 Draining terminating",
            "web-3 NotReady not ready, by Kubernetes",
            "web-4 Draining drained by the annotation mooring.dev/drain",
        ]);
    }

    [Theory]
    [InlineData(true, "web-1 Ready terminating; it takes connections as no endpoint is ready")]
    [InlineData(null, "web-1 Ready terminating; it takes connections as no endpoint is ready")]
    [InlineData(false, "web-1 Draining terminating")]
    public void Slice_NoneReady_TheTerminatingEndpointThatServesTakesConnections(bool? serving, string expected)
    {
        var world = SliceWorld(
            Endpoint("web-1", "10.71.1.2", new V1EndpointConditions { Ready = false, Serving = serving, Terminating = true }),
            Endpoint("web-2", "10.71.2.2", new V1EndpointConditions { Ready = false, Serving = false }));

        States(world).ShouldBe([expected, "web-2 NotReady not ready, by Kubernetes"]);
    }

    [Fact]
    public void BackupAnnotation_OfAPod_MakesItABackupBySelectorAndBySlice()
    {
        var backup = Pod("web-2", "10.71.2.2", "node-2");
        backup.Metadata.Annotations = new Dictionary<string, string> { ["mooring.dev/backup"] = "true" };
        var slices = SliceWorld(Endpoint("web-1", "10.71.1.2"), Endpoint("web-2", "10.71.2.2")) with { Pods = [backup] };

        foreach (var world in (ClusterWorld[])[World(Pod("web-1", "10.71.1.2"), backup), slices])
        {
            SnapshotBuilder.Build(world).Pools[0].Sets[0].Backends.Select(backend => $"{backend.DisplayName} {backend.Backup}")
                .ShouldBe(["pod/web-1 False", "pod/web-2 True"]);
        }
    }

    private static V1Pod Terminating(string name, string ip, bool ready = true)
    {
        var pod = Pod(name, ip, ready: ready);
        pod.Metadata.DeletionTimestamp = Now;
        return pod;
    }

    private static ClusterWorld World(params V1Pod[] pods) => ThreeNodes() with { Pods = pods };

    private static V1Endpoint Endpoint(string pod, string address, V1EndpointConditions? conditions = null) => new()
    {
        Addresses = [address],
        NodeName = "node-1",
        Conditions = conditions,
        TargetRef = new V1ObjectReference { Kind = "Pod", Name = pod },
    };

    private static ClusterWorld SliceWorld(params V1Endpoint[] endpoints)
    {
        var slice = new V1EndpointSlice
        {
            Metadata = Meta("web-abc"),
            AddressType = "IPv4",
            Ports = [new Discoveryv1EndpointPort { Name = "http", Port = 8080 }],
            Endpoints = endpoints,
        };
        slice.Metadata.Labels!["kubernetes.io/service-name"] = "web";
        var pool = Pool(change: spec =>
        {
            spec.Selector = null;
            spec.ServiceRef = new ServiceReference { Name = "web" };
        });
        return ThreeNodes(pools: [pool]) with
        {
            Pods = [],
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

    /// <summary>As the status of the pool has them, by name.</summary>
    private static IEnumerable<string> States(ClusterWorld world)
    {
        var result = SnapshotBuilder.Build(world);
        var status = PoolStatusComputation.Compute(
            result.Pools[0], new EndpointStates(result.VirtualIps, AgentsView.Empty), null, Now);
        return status.Endpoints!.Select(endpoint => $"{endpoint.Target!["pod/".Length..]} {endpoint.State} {endpoint.Reason}")
            .Order(StringComparer.Ordinal);
    }
}
