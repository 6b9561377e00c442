using System.Text.Json.Nodes;
using Mooring.Conformance.Tests.Cluster;

namespace Mooring.Conformance.Tests.Server.Deletion;

/// <summary>
/// What becomes of dependents. The API server only marks the owner; the rest is the garbage collector's, and those cases
/// are skipped where none is at work.
/// </summary>
public sealed class PropagationTests(ConformanceCluster cluster) : ConformanceTest(cluster)
{
    private const string Hold = "conformance.mooring.dev/hold";

    [Theory]
    [InlineData("Foreground", "foregroundDeletion")]
    [InlineData("Orphan", "orphan")]
    public async Task Delete_Policy_IsAFinalizerOnTheOwner(string policy, string finalizer)
    {
        await MakeMapAsync(metadata: $"\"finalizers\":[\"{Hold}\"]");

        var marked = (await DeleteAsync(Name(), policy)).Ok();

        marked["metadata.finalizers"]!.AsArray().Select(f => (string?)f).ShouldBe([Hold, finalizer], ignoreOrder: true);
    }

    [Fact]
    public async Task Delete_Background_AddsNoFinalizer()
    {
        await MakeMapAsync(metadata: $"\"finalizers\":[\"{Hold}\"]");

        var marked = (await DeleteAsync(Name(), "Background")).Ok();

        marked["metadata.finalizers"]!.AsArray().Select(f => (string?)f).ShouldBe([Hold]);
    }

    [Fact]
    public async Task Background_Dependent_GoesAfterItsOwner()
    {
        await RequireCollectorAsync();
        await MakePairAsync();

        (await DeleteAsync(Name("owner"), "Background")).Ok(200);

        await GoneAsync(Name("dependent"));
    }

    [Fact]
    public async Task Foreground_Owner_WaitsForItsDependents()
    {
        await RequireCollectorAsync();
        await MakePairAsync(dependent: $"\"finalizers\":[\"{Hold}\"]");

        (await DeleteAsync(Name("owner"), "Foreground")).Ok();

        await Eventually.TrueAsync(async () => (await Api.GetAsync(Map(Name("dependent"))))["metadata.deletionTimestamp"] is not null, "the dependent is being deleted");
        (await Api.GetAsync(Map(Name("owner")))).Ok(200);
        (await Api.MergeAsync(Map(Name("dependent")), """{"metadata":{"finalizers":null}}""")).Ok();
        await GoneAsync(Name("owner"));
    }

    [Fact]
    public async Task Orphan_Dependent_StaysWithoutItsOwner()
    {
        await RequireCollectorAsync();
        await MakePairAsync();

        (await DeleteAsync(Name("owner"), "Orphan")).Ok();

        await GoneAsync(Name("owner"));
        (await Api.GetAsync(Map(Name("dependent")))).Ok(200)["metadata.ownerReferences"].ShouldBeNull();
    }

    [Fact]
    public async Task Dependent_OfTwoOwners_StaysWhileOneLives()
    {
        await RequireCollectorAsync();
        var second = await MakeMapAsync(Name("second"));
        await MakePairAsync(owners: Reference(second));

        (await DeleteAsync(Name("owner"), "Background")).Ok();

        await Eventually.TrueAsync(async () => ((await Api.GetAsync(Map(Name("dependent"))))["metadata.ownerReferences"] as JsonArray)?.Count == 1, "the dead reference is dropped");
        (await DeleteAsync(Name("second"), "Background")).Ok();
        await GoneAsync(Name("dependent"));
    }

    [Fact]
    public async Task Dependent_OfAnOwnerThatNeverWas_IsCollected()
    {
        await RequireCollectorAsync();

        await MakeMapAsync(Name("dependent"), metadata: $$"""
            "ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"{{Name("none")}}","uid":"{{RandomUid()}}"}]
            """);

        await GoneAsync(Name("dependent"));
    }

    private async Task RequireCollectorAsync() => Assert.SkipUnless(await Cluster.CollectsGarbageAsync(), "no garbage collector is at work in this cluster");

    private async Task MakePairAsync(string dependent = "", string owners = "")
    {
        var owner = await MakeMapAsync(Name("owner"));
        var references = owners.Length == 0 ? Reference(owner) : $"{Reference(owner)},{owners}";
        await MakeMapAsync(Name("dependent"), metadata: $"\"ownerReferences\":[{references}]{(dependent.Length == 0 ? "" : "," + dependent)}");
    }

    private static string Reference(Answer owner) =>
        $$"""{"apiVersion":"v1","kind":"ConfigMap","name":"{{owner.Name}}","uid":"{{owner.Uid}}","blockOwnerDeletion":true}""";

    private Task<Answer> DeleteAsync(string name, string policy) =>
        Api.DeleteAsync(Map(name), $$"""{"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"{{policy}}"}""");

    private Task GoneAsync(string name) => Eventually.TrueAsync(async () => (await Api.GetAsync(Map(name))).Code == 404, $"{name} is gone");
}
