using Mooring.Conformance.Tests.Cluster;

namespace Mooring.Conformance.Tests.Server.Subresources;

public sealed class ScaleTests(ConformanceCluster cluster) : WidgetTest(cluster)
{
    private string Scale => Widgets.Path(Name(), "scale");

    [Fact]
    public async Task CustomResource_Scale_IsAViewOfItsReplicas()
    {
        (await CreateAsync("\"replicas\":3")).Ok(201);
        (await Api.MergeAsync(Widgets.Path(Name(), "status"), """{"status":{"replicas":2,"selector":"app=x"}}""")).Ok(200);

        var scale = (await Api.GetAsync(Scale)).Ok(200);

        scale.Json.Text("kind").ShouldBe("Scale");
        scale.Json.Text("apiVersion").ShouldBe("autoscaling/v1");
        scale.Name.ShouldBe(Name());
        ((int)scale["spec.replicas"]!).ShouldBe(3);
        ((int)scale["status.replicas"]!).ShouldBe(2);
        scale.Json.Text("status.selector").ShouldBe("app=x");
    }

    [Fact]
    public async Task CustomResource_ScaleUpdated_ChangesItsReplicasAndGeneration()
    {
        var made = (await CreateAsync("\"replicas\":3")).Ok(201);
        var scale = (await Api.GetAsync(Scale)).Json;
        scale["spec"]!["replicas"] = 7;

        (await Api.PutAsync(Scale, scale.ToJsonString())).Ok(200);

        var now = await Api.GetAsync(Widget);
        ((int)now["spec.replicas"]!).ShouldBe(7);
        ((long)now["metadata.generation"]!).ShouldBe((long)made["metadata.generation"]! + 1);
    }

    [Fact]
    public async Task CustomResource_ScalePatched_KeepsTheRest()
    {
        (await CreateAsync("\"replicas\":3,\"color\":\"red\"")).Ok(201);

        ((int)(await Api.MergeAsync(Scale, """{"spec":{"replicas":4}}""")).Ok(200)["spec.replicas"]!).ShouldBe(4);

        var now = await Api.GetAsync(Widget);
        now.Json.Text("spec.color").ShouldBe("red");
        ((int)now["spec.replicas"]!).ShouldBe(4);
    }

    [Fact]
    public async Task CustomResource_ScaleInADryRun_KeepsItsReplicas()
    {
        (await CreateAsync("\"replicas\":3")).Ok(201);

        ((int)(await Api.MergeAsync(Scale + "?dryRun=All", """{"spec":{"replicas":4}}""")).Ok(200)["spec.replicas"]!).ShouldBe(4);

        ((int)(await Api.GetAsync(Widget))["spec.replicas"]!).ShouldBe(3);
    }

    [Fact]
    public async Task CustomResource_ScaleOverItsMaximum_IsInvalid()
    {
        (await CreateAsync("\"replicas\":3")).Ok(201);

        (await Api.MergeAsync(Scale, """{"spec":{"replicas":1000}}""")).Refused(422, "Invalid", "spec.replicas");
        (await Api.MergeAsync(Scale, """{"spec":{"replicas":-1}}""")).Refused(422, "Invalid", "spec.replicas");
    }

    [Fact]
    public async Task CustomResource_ScaleOfAStaleVersion_IsAConflict()
    {
        (await CreateAsync("\"replicas\":3")).Ok(201);
        var stale = await Api.GetAsync(Scale);
        (await Api.MergeAsync(Widget, """{"spec":{"size":"L"}}""")).Ok(200);

        (await Api.PutAsync(Scale, stale.Text)).Refused(409, "Conflict");
    }

    [Fact]
    public async Task CustomResource_ScaleByTheClientsField_IsOwnedAsScale()
    {
        (await CreateAsync("\"replicas\":3")).Ok(201);

        (await Api.MergeAsync(Scale + "?fieldManager=scaler", """{"spec":{"replicas":4}}""")).Ok(200);

        var entry = (await Api.GetAsync(Widget))["metadata.managedFields"]!.AsArray().First(e => e.Text("manager") == "scaler");
        entry.Text("subresource").ShouldBe("scale");
        entry.Has("fieldsV1.[f:spec]", "f:replicas").ShouldBeTrue();
    }

    [Fact]
    public async Task CustomResource_ScaleApplied_ConflictsWithWhoOwnsTheReplicas()
    {
        (await Api.ApplyAsync(Widget, "one", Json("\"replicas\":3"))).Ok(201);
        string Applied(int replicas) => $$$"""
            {"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"{{{Name()}}}","namespace":"{{{Namespace}}}"},"spec":{"replicas":{{{replicas}}}}}
            """;

        (await Api.ApplyAsync(Scale, "two", Applied(5))).Refused(409, "Conflict", ".spec.replicas");

        ((int)(await Api.ApplyAsync(Scale, "two", Applied(5), force: true)).Ok(200)["spec.replicas"]!).ShouldBe(5);
        ((int)(await Api.GetAsync(Widget))["spec.replicas"]!).ShouldBe(5);
    }

    [Fact]
    public async Task Deployment_Scale_ChangesItsReplicas()
    {
        var deployments = $"apis/apps/v1/namespaces/{Namespace}/deployments";

        // Without a node that fits, no cluster starts anything of it.
        (await Api.PostAsync(deployments, $$$"""
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"{{{Name()}}}"},
             "spec":{"replicas":0,"selector":{"matchLabels":{"app":"{{{Name()}}}"}},
              "template":{"metadata":{"labels":{"app":"{{{Name()}}}"}},"spec":{"nodeSelector":{"conformance.mooring.dev/none":"x"},"containers":[{"name":"c","image":"registry.invalid/none:1"}]} } } }
            """)).Ok(201);

        var scale = (await Api.GetAsync($"{deployments}/{Name()}/scale")).Ok(200);
        scale.Json.Text("status.selector").ShouldBe($"app={Name()}");
        (await Api.MergeAsync($"{deployments}/{Name()}/scale", """{"spec":{"replicas":1}}""")).Ok(200);

        ((int)(await Api.GetAsync($"{deployments}/{Name()}"))["spec.replicas"]!).ShouldBe(1);
        (await Api.MergeAsync($"{deployments}/{Name()}", """{"spec":{"replicas":0}}""")).Ok(200);
        (await Api.DeleteAsync($"{deployments}/{Name()}")).Ok(200);
    }

    [Fact]
    public async Task Scale_OfAKindWithoutOne_IsNotFound()
    {
        await MakeMapAsync();

        (await Api.GetAsync(Map(Name()) + "/scale")).Code.ShouldBe(404);
    }
}
