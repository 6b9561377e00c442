using System.Collections.Immutable;
using System.Net;
using Mooring.Api.V1Alpha1;
using Mooring.Controller.Agents;
using Mooring.Controller.Reporting;
using Mooring.Controller.Snapshots;
using Mooring.Controller.Validation;
using Mooring.Controller.World;
using static Mooring.Controller.Tests.Fixtures;

namespace Mooring.Controller.Tests.Reporting;

public sealed class PoolStatusTests
{
    [Fact]
    public void Compute_MixedEndpoints_ListsTheBadOnesFirst()
    {
        var world = ThreeNodes();
        world = world with { Pods = [.. world.Pods, Pod("web-4", "10.71.1.9", ready: false)] };
        var verdicts = ImmutableDictionary<EndpointKey, EndpointVerdict>.Empty.Add(
            new EndpointKey("default/web:8080", IPAddress.Parse("10.71.3.2"), 8080), new EndpointVerdict(false, "status 500"));
        var view = AgentsView.Empty with
        {
            Health = ImmutableDictionary<string, ImmutableDictionary<EndpointKey, EndpointVerdict>>.Empty.Add("node-1", verdicts),
        };

        var status = Compute(world, view);

        (status.Ready, status.Total).ShouldBe((2, 4));
        status.Endpoints!.Select(endpoint => $"{endpoint.Target} {endpoint.State} {endpoint.Reason}").ShouldBe(
        [
            "pod/web-4 NotReady not ready, by Kubernetes",
            "pod/web-3 Unhealthy status 500 (seen by node-1)",
            "pod/web-1 Ready ",
            "pod/web-2 Ready ",
        ]);
        status.Conditions!.Single(condition => condition.Type == "Ready").Message.ShouldBe("2 of 4 endpoints take new connections");
    }

    [Fact]
    public void Compute_FewerHealthyThanTheMinimum_SaysThatChecksAreNotBelieved()
    {
        var pool = Pool(change: spec => spec.MinHealthyPercent = 80);
        var verdicts = ImmutableDictionary<EndpointKey, EndpointVerdict>.Empty.Add(
            new EndpointKey("default/web:8080", IPAddress.Parse("10.71.3.2"), 8080), new EndpointVerdict(false, "status 500"));
        var view = AgentsView.Empty with
        {
            Health = ImmutableDictionary<string, ImmutableDictionary<EndpointKey, EndpointVerdict>>.Empty.Add("node-1", verdicts),
        };

        var status = Compute(ThreeNodes(pools: [pool]), view);

        var condition = status.Conditions!.Single(condition => condition.Type == "EnoughHealthy");
        (condition.Status, condition.Reason).ShouldBe(("False", "FailOpen"));
        condition.Message.ShouldStartWith("2 of 3 endpoints are healthy, less than minHealthyPercent (80)");
    }

    [Fact]
    public void Compute_PodDrainedByAnnotation_IsDraining()
    {
        var world = ThreeNodes();
        world.Pods.First().Metadata.Annotations = new Dictionary<string, string> { ["mooring.dev/drain"] = "true" };

        var status = Compute(world, AgentsView.Empty);

        status.Endpoints![0].ShouldSatisfyAllConditions(
            endpoint => endpoint.Target.ShouldBe("pod/web-1"), endpoint => endpoint.State.ShouldBe("Draining"));
    }

    [Fact]
    public void Compute_ManyEndpoints_BoundsTheList()
    {
        var world = ThreeNodes() with
        {
            Pods = [.. Enumerable.Range(1, 120).Select(i => Pod($"web-{i}", $"10.71.1.{i}", ready: i > 5))],
        };

        var status = Compute(world);

        status.Total.ShouldBe(120);
        status.Endpoints!.Count.ShouldBe(PoolStatusComputation.MaxEndpoints);
        status.OmittedEndpoints.ShouldBe(20);
        status.Endpoints.Take(5).ShouldAllBe(endpoint => endpoint.State == "NotReady");
    }

    [Fact]
    public void Compute_UnusedPool_StillCounts()
    {
        var status = Compute(ThreeNodes(vips: []));

        (status.Ready, status.Total).ShouldBe((3, 3));
    }

    [Fact]
    public void Compute_InvalidSpec_SaysWhy()
    {
        var status = Compute(ThreeNodes(pools: [Pool(change: spec => spec.DrainTimeout = "soon")]));

        var ready = status.Conditions!.Single(condition => condition.Type == "Ready");
        (ready.Status, ready.Reason).ShouldBe(("False", Reasons.InvalidDuration));
        ready.Message!.ShouldStartWith("spec.drainTimeout: 'soon' is not a duration");
    }

    private static BackendPoolStatus Compute(ClusterWorld world, AgentsView? view = null)
    {
        var result = SnapshotBuilder.Build(world);
        var states = new EndpointStates(result.VirtualIps, view ?? AgentsView.Empty);
        return PoolStatusComputation.Compute(result.Pools[0], states, null, Now);
    }
}
