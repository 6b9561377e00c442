using Mooring.Api.V1Alpha1;
using Mooring.Controller.Snapshots;
using Mooring.Controller.World;
using Mooring.Core.Snapshots;
using static Mooring.Controller.Tests.Fixtures;

namespace Mooring.Controller.Tests.Snapshots;

public sealed class DepartureTests
{
    private static readonly TimeSpan Start = TimeSpan.FromHours(1);

    [Fact]
    public void Build_LabelsOfAPodChanged_ItDrainsForItsTimeAndIsGone()
    {
        var world = After(ThreeNodes() with { Clock = Start }, world => world with
        {
            Pods = [.. world.Pods.Skip(1), Pod("web-1", "10.71.1.2", app: "debugging")],
        });

        var result = SnapshotBuilder.Build(world);
        Conditions(result).ShouldBe(["10.71.1.2 Draining", "10.71.2.2 Ready", "10.71.3.2 Ready"]);
        result.NextCheck.ShouldBe(Start + BackendSet.DefaultDrainTimeout);
        result.Pools[0].Sets[0].Backends.Length.ShouldBe(2, "the status counts what the pool has");

        world = Next(world, result) with { Clock = Start + TimeSpan.FromSeconds(29) };
        result = SnapshotBuilder.Build(world);
        Conditions(result).Length.ShouldBe(3);

        world = Next(world, result) with { Clock = Start + TimeSpan.FromSeconds(30) };
        result = SnapshotBuilder.Build(world);
        Conditions(result).ShouldBe(["10.71.2.2 Ready", "10.71.3.2 Ready"]);
        Next(world, result).Departures.ShouldBeEmpty();
        Conditions(SnapshotBuilder.Build(Next(world, result))).Length.ShouldBe(2, "it does not begin again");
    }

    [Fact]
    public void Build_PodDeleted_IsGoneAtOnce() =>
        Conditions(SnapshotBuilder.Build(After(ThreeNodes(), world => world with { Pods = [.. world.Pods.Skip(1)] })))
            .ShouldBe(["10.71.2.2 Ready", "10.71.3.2 Ready"]);

    [Fact]
    public void Build_PodHasAnotherAddressNow_TheOldOneIsGoneAtOnce() =>
        Conditions(SnapshotBuilder.Build(After(ThreeNodes(), world => world with
        {
            Pods = [.. world.Pods.Skip(1), Pod("web-1", "10.71.1.9")],
        }))).ShouldBe(["10.71.1.9 Ready", "10.71.2.2 Ready", "10.71.3.2 Ready"]);

    [Theory]
    [InlineData("30s", true)]
    [InlineData("0s", false)]
    public void Build_FixedEndpointTakenOffTheList_DrainsUnlessThereIsNoTime(string timeout, bool drains)
    {
        var world = After(
            ThreeNodes(pools: [Fixed(timeout, "192.0.2.1", "192.0.2.2")]),
            world => world with { BackendPools = [Fixed(timeout, "192.0.2.2")] });

        Conditions(SnapshotBuilder.Build(world)).ShouldBe(drains ? ["192.0.2.1 Draining", "192.0.2.2 Ready"] : ["192.0.2.2 Ready"]);
    }

    [Fact]
    public void Build_EndpointComesBackWhileItDrains_IsReadyAgain()
    {
        var world = After(ThreeNodes() with { Clock = Start }, world => world with
        {
            Pods = [.. world.Pods.Skip(1), Pod("web-1", "10.71.1.2", app: "debugging")],
        });
        var result = SnapshotBuilder.Build(world);

        result = SnapshotBuilder.Build(Next(world, result) with { Pods = ThreeNodes().Pods });

        Conditions(result).ShouldAllBe(backend => backend.EndsWith("Ready"));
        result.Departures.ShouldBeEmpty();
    }

    private static V1Alpha1BackendPool Fixed(string drainTimeout, params string[] addresses) => Pool(change: spec =>
    {
        spec.Selector = null;
        spec.DrainTimeout = drainTimeout;
        spec.Endpoints = [.. addresses.Select(address => new StaticEndpoint { Address = address, Port = 8080 })];
    });

    /// <summary>The world changed after it had been published.</summary>
    private static ClusterWorld After(ClusterWorld before, Func<ClusterWorld, ClusterWorld> change) =>
        change(Next(before, SnapshotBuilder.Build(before)));

    private static ClusterWorld Next(ClusterWorld world, BuildResult result) =>
        world with { Published = result.Snapshot, Departures = result.Departures };

    private static string[] Conditions(BuildResult result) =>
        [.. result.Snapshot.BackendSets.Single().Backends.Select(backend => $"{backend.Address} {backend.Condition}")];
}
