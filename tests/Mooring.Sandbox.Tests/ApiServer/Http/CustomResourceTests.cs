using System.Text.Json.Nodes;

namespace Mooring.Sandbox.Tests.KubeApi.Http;

public sealed class CustomResourceTests(TestServer server) : IClassFixture<TestServer>
{
    [Fact]
    public async Task Create_DefaultsAndPrunes()
    {
        var path = await PathAsync();
        var made = await server.SendAsync("POST", path, SampleCrd.Gadget("g", more: """{"ports":[{"name":"a","port":1}],"unknown":1}"""));

        made.Code.ShouldBe(201);
        made.Body["spec"]!.ToJsonString().ShouldBe("""{"ports":[{"name":"a","port":1,"protocol":"TCP"}],"size":"S","replicas":1}""");
        made.Warnings.ShouldBe(["299 - \"unknown field \\\"spec.unknown\\\"\""]);
    }

    [Fact]
    public async Task Create_Invalid_ListsEveryFieldAsACause()
    {
        var path = await PathAsync();
        var refused = await server.SendAsync("POST", path, SampleCrd.Gadget("g", "XXL", """{"ports":[{"name":"a","port":70000}]}"""));

        refused.Code.ShouldBe(422);
        refused.Message.ShouldStartWith("Gadget.test.mooring.dev \"g\" is invalid: [");
        refused.Body["details"]!["causes"]!.AsArray().Select(c => $"{c!["field"]} {c["reason"]}").ShouldBe(
            ["spec.ports[0].port FieldValueInvalid", "spec.size FieldValueNotSupported"], ignoreOrder: true);
    }

    [Fact]
    public async Task Generation_CountsChangesOfSpecOnly()
    {
        var path = await PathAsync();
        await server.SendAsync("POST", path, SampleCrd.Gadget("g"));

        (await PatchAsync($"{path}/g", """{"metadata":{"labels":{"a":"b"}}}""")).ShouldBe(1);
        (await PatchAsync($"{path}/g/status", """{"status":{"ready":true}}""")).ShouldBe(1);
        (await PatchAsync($"{path}/g", """{"spec":{"replicas":2}}""")).ShouldBe(2);
        (await PatchAsync($"{path}/g", """{"spec":{"replicas":2},"status":{"ready":false}}""")).ShouldBe(2);
        (await server.GetAsync($"{path}/g")).Body["status"]!["ready"]!.GetValue<bool>().ShouldBeTrue();
    }

    [Fact]
    public async Task Update_WithoutResourceVersion_IsInvalid()
    {
        var path = await PathAsync();
        await server.SendAsync("POST", path, SampleCrd.Gadget("g"));
        (await server.SendAsync("PUT", $"{path}/g", SampleCrd.Gadget("g"))).Message.ShouldContain("metadata.resourceVersion: Invalid value: 0: must be specified for an update");
    }

    [Fact]
    public async Task StrategicMergePatch_IsUnsupported()
    {
        var path = await PathAsync();
        await server.SendAsync("POST", path, SampleCrd.Gadget("g"));
        (await server.SendAsync("PATCH", $"{path}/g", new JsonObject(), "application/strategic-merge-patch+json")).Code.ShouldBe(415);
    }

    [Fact]
    public async Task OtherVersion_OfTheSameObject_IsServed()
    {
        var path = await PathAsync();
        await server.SendAsync("POST", path, SampleCrd.Gadget("g"));
        ((string?)(await server.GetAsync($"{path.Replace("/v1/", "/v1beta1/")}/g")).Body["apiVersion"]).ShouldBe("test.mooring.dev/v1beta1");
    }

    [Fact]
    public async Task Apply_OverHttp_CreatesThenMerges()
    {
        var path = await PathAsync();
        var created = await ApplyAsync($"{path}/g?fieldManager=one", SampleCrd.Gadget("g", more: """{"color":"red"}"""));
        created.Code.ShouldBe(201);
        var again = await ApplyAsync($"{path}/g?fieldManager=one", SampleCrd.Gadget("g", more: """{"color":"red"}"""));
        again.ResourceVersion.ShouldBe(created.ResourceVersion);

        var conflict = await ApplyAsync($"{path}/g?fieldManager=two", SampleCrd.Gadget("g", more: """{"color":"blue"}"""));
        conflict.Code.ShouldBe(409);
        conflict.Message.ShouldBe("Apply failed with 1 conflict: conflict with \"one\": .spec.color");
        (await ApplyAsync($"{path}/g?fieldManager=two&force=true", SampleCrd.Gadget("g", more: """{"color":"blue"}"""))).Code.ShouldBe(200);

        (await ApplyAsync($"{path}/g", SampleCrd.Gadget("g"))).Message.ShouldContain("fieldManager: Required value");
        (await ApplyAsync($"{path}/g?fieldManager=x", SampleCrd.Gadget("g", more: """{"nope":1}"""))).Message.ShouldContain(".spec.nope: field not declared in schema");
    }

    [Fact]
    public async Task Apply_ToStatus_LeavesSpecAlone()
    {
        var path = await PathAsync();
        await server.SendAsync("POST", path, SampleCrd.Gadget("g"));
        var status = SampleCrd.Gadget("g", "L");
        status["status"] = new JsonObject { ["phase"] = "Good" };

        var applied = await ApplyAsync($"{path}/g/status?fieldManager=controller", status);

        ((string?)applied.Body["status"]!["phase"]).ShouldBe("Good");
        ((string?)applied.Body["spec"]!["size"]).ShouldBe("S");
    }

    [Fact]
    public async Task Scale_Put_ChangesReplicas()
    {
        var path = await PathAsync();
        await server.SendAsync("POST", path, SampleCrd.Gadget("g"));
        var scale = await server.SendAsync("PATCH", $"{path}/g/scale", JsonNode.Parse("""{"spec":{"replicas":5}}"""), "application/merge-patch+json");

        scale.Body["spec"]!["replicas"]!.GetValue<int>().ShouldBe(5);
        (await server.GetAsync($"{path}/g")).Body["spec"]!["replicas"]!.GetValue<int>().ShouldBe(5);
        (await server.SendAsync("PATCH", $"{path}/g/scale", JsonNode.Parse("""{"spec":{"replicas":500}}"""), "application/merge-patch+json")).Code.ShouldBe(422);
    }

    [Fact]
    public async Task Crd_Deleted_TakesItsObjectsAndPathsAlong()
    {
        var crd = SampleCrd.Json();
        crd["metadata"]!["name"] = "widgets.gone.dev";
        crd["spec"]!["group"] = "gone.dev";
        crd["spec"]!["names"] = JsonNode.Parse("""{"plural":"widgets","kind":"Widget"}""");
        const string Crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        (await server.SendAsync("POST", Crds, crd)).Code.ShouldBe(201);
        await Eventually.HoldsAsync(async () => (await server.GetAsync("/apis/gone.dev/v1/widgets")).Code == 200);
        var ns = await server.NewNamespaceAsync();
        var widget = SampleCrd.Gadget("w");
        (widget["apiVersion"], widget["kind"]) = ("gone.dev/v1", "Widget");
        (await server.SendAsync("POST", $"/apis/gone.dev/v1/namespaces/{ns}/widgets", widget)).Code.ShouldBe(201);
        var conditions = (await server.GetAsync($"{Crds}/widgets.gone.dev")).Body["status"]!["conditions"]!.AsArray();
        conditions.Select(c => $"{c!["type"]}={c["status"]}").ShouldBe(["NamesAccepted=True", "Established=True"]);

        await server.SendAsync("DELETE", $"{Crds}/widgets.gone.dev");

        await Eventually.HoldsAsync(async () => (await server.GetAsync($"{Crds}/widgets.gone.dev")).Code == 404);
        await Eventually.HoldsAsync(async () => (await server.GetAsync("/apis/gone.dev/v1/widgets")).Code == 404);
    }

    [Theory]
    [InlineData("metadata.name", """{"metadata":{"name":"other.test.dev"}}""")]
    [InlineData("spec.scope", """{"spec":{"scope":"Galaxy"}}""")]
    [InlineData("spec.versions", """{"spec":{"versions":[{"name":"v1","served":true,"storage":false,"schema":{"openAPIV3Schema":{"type":"object"}}}]}}""")]
    public async Task Crd_Bad_IsRefusedWithTheField(string field, string change)
    {
        var crd = SampleCrd.Json();
        crd["metadata"]!["name"] = "things.bad.dev";
        crd["spec"]!["group"] = "bad.dev";
        crd["spec"]!["names"] = JsonNode.Parse("""{"plural":"things","kind":"Thing"}""");
        var changed = Mooring.Sandbox.KubeApi.Patching.MergePatch.Apply(crd, JsonNode.Parse(change));

        var refused = await server.SendAsync("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", changed);

        refused.Code.ShouldBe(422);
        refused.Message.ShouldContain(field);
    }

    [Fact]
    public async Task Crd_RuleThatIsNotEvaluated_IsAnnounced()
    {
        var crd = SampleCrd.Json();
        crd["metadata"]!["name"] = "ruled.cel.dev";
        crd["spec"]!["group"] = "cel.dev";
        crd["spec"]!["names"] = JsonNode.Parse("""{"plural":"ruled","kind":"Ruled"}""");
        crd["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]!["x-kubernetes-validations"] =
            JsonNode.Parse("""[{"rule":"url(self.color).getHost() == 'x'"}]""");
        (await server.SendAsync("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd))
            .Warnings.ShouldHaveSingleItem().ShouldContain("x-kubernetes-validations rule at spec is not evaluated by this server, which does not know the function url()");
        await Eventually.HoldsAsync(async () => (await server.GetAsync("/apis/cel.dev/v1/ruled")).Code == 200);

        var ruled = SampleCrd.Gadget("r");
        (ruled["apiVersion"], ruled["kind"]) = ("cel.dev/v1", "Ruled");
        var made = await server.SendAsync("POST", $"/apis/cel.dev/v1/namespaces/{await server.NewNamespaceAsync()}/ruled", ruled);
        made.Code.ShouldBe(201);
        made.Warnings.ShouldHaveSingleItem().ShouldContain("is not evaluated");
    }

    [Fact]
    public async Task Crd_WebhookConversion_IsNotImplemented()
    {
        var crd = SampleCrd.Json();
        crd["spec"]!["conversion"] = new JsonObject { ["strategy"] = "Webhook" };
        var refused = await server.SendAsync("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd);
        refused.Code.ShouldBe(501);
        refused.Message.ShouldContain("conversion strategy Webhook");
    }

    private async Task<string> PathAsync() => $"/apis/test.mooring.dev/v1/namespaces/{await server.NewNamespaceAsync()}/gadgets";

    private Task<Answer> ApplyAsync(string path, JsonObject body) => server.SendAsync("PATCH", path, body, "application/apply-patch+yaml");

    private async Task<int> PatchAsync(string path, string patch) =>
        (await server.SendAsync("PATCH", path, JsonNode.Parse(patch), "application/merge-patch+json")).Body["metadata"]!["generation"]!.GetValue<int>();
}
