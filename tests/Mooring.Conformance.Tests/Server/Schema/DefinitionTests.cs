using System.Text.Json.Nodes;
using Mooring.Conformance.Tests.Cluster;

namespace Mooring.Conformance.Tests.Server.Schema;

/// <summary>CustomResourceDefinitions themselves.</summary>
public sealed class DefinitionTests(ConformanceCluster cluster) : WidgetTest(cluster)
{
    private const string Good = """{"type":"object","properties":{"spec":{"type":"object","properties":{"a":{"type":"string"}}}}}""";

    private string Group => $"{Case}.conformance.mooring.dev";

    private string Crd => $"{WidgetCrd.Crds}/things.{Group}";

    [Fact]
    public async Task Established_Definition_StatesNamesAndVersions()
    {
        var crd = (await Api.GetAsync($"{WidgetCrd.Crds}/{Widgets.Name}")).Ok(200);

        crd.Json.Text("status.acceptedNames.kind").ShouldBe("Widget");
        crd.Json.Text("status.acceptedNames.listKind").ShouldBe("WidgetList");
        crd["status.storedVersions"]!.AsArray().Select(v => (string?)v).ShouldBe(["v1"]);
        crd["status.conditions"]!.AsArray().First(c => c.Text("type") == "NamesAccepted").Text("status").ShouldBe("True");
        crd.Json.Text("spec.conversion.strategy").ShouldBe("None");
    }

    [Theory]
    [InlineData("""{"type":"object","properties":{"spec":{"properties":{"a":{"type":"string"}}}}}""", "spec.validation.openAPIV3Schema.properties[spec].type")]
    [InlineData("""{"type":"string"}""", "spec.validation.openAPIV3Schema.type")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array"}}}""", "spec.validation.openAPIV3Schema.properties[a].items")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"text"}}}""", "spec.validation.openAPIV3Schema.properties[a].type")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array","uniqueItems":true,"items":{"type":"string"}}}}""", "spec.validation.openAPIV3Schema.properties[a].uniqueItems")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"string"}},"additionalProperties":{"type":"string"}}}}""", "spec.validation.openAPIV3Schema.properties[a].additionalProperties")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string","default":5}}}""", "spec.validation.openAPIV3Schema.properties[a].default")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array","x-kubernetes-list-type":"map","items":{"type":"object","properties":{"k":{"type":"string"}}}}}}""", "spec.validation.openAPIV3Schema.properties[a].x-kubernetes-list-map-keys")]
    public async Task Create_SchemaThatIsNotStructural_IsInvalid(string schema, string field)
    {
        Cluster.RemoveAtEnd(Crd);
        var refused = (await Api.PostAsync(WidgetCrd.Crds, Definition(schema))).Refused(422, "Invalid");

        // Where all versions share a schema, the server may name it as spec.validation or by its version.
        var tail = field["spec.validation.".Length..];
        refused.Fields.ShouldContain(f => f.EndsWith(tail, StringComparison.Ordinal), refused.ToString());
    }

    [Fact]
    public async Task Create_NameThatIsNotPluralAndGroup_IsInvalid() =>
        (await Api.PostAsync(WidgetCrd.Crds, Definition(Good).Replace("\"name\":\"things.", "\"name\":\"other.", StringComparison.Ordinal))).Refused(422, "Invalid", "metadata.name");

    [Fact]
    public async Task Create_TwoStorageVersions_IsInvalid()
    {
        var crd = JsonNode.Parse(Definition(Good))!;
        var versions = crd["spec"]!["versions"]!.AsArray();
        versions.Add(JsonNode.Parse(versions[0]!.ToJsonString().Replace("\"v1\"", "\"v2\"", StringComparison.Ordinal)));

        (await Api.PostAsync(WidgetCrd.Crds, crd.ToJsonString())).Refused(422, "Invalid", "spec.versions");
    }

    [Fact]
    public async Task Update_Scope_DoesNotChange()
    {
        await InstallAsync();

        (await Api.MergeAsync(Crd, """{"spec":{"scope":"Cluster"}}""")).Refused(422, "Invalid", "spec.scope");
    }

    [Fact]
    public async Task Update_Schema_AppliesToLaterWrites()
    {
        await InstallAsync();
        var things = $"apis/{Group}/v1/namespaces/{Namespace}/things";
        (await Api.PostAsync(things, Thing("a", "\"a\":\"1\",\"b\":\"1\""))).Ok(201)["spec.b"].ShouldBeNull();

        (await Api.JsonPatchAsync(Crd, """
            [{"op":"add","path":"/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/b","value":{"type":"string"}}]
            """)).Ok(200);

        await Eventually.TrueAsync(async () => (await Api.PostAsync(things + "?dryRun=All", Thing("b", "\"b\":\"1\"")))["spec.b"] is not null, "the new field is known");
    }

    [Fact]
    public async Task Update_StricterSchema_IsNotHeldAgainstWhatStaysAsItWas()
    {
        await InstallAsync();
        var things = $"apis/{Group}/v1/namespaces/{Namespace}/things";
        (await Api.PostAsync(things, Thing("old", "\"a\":\"long\""))).Ok(201);
        (await Api.JsonPatchAsync(Crd, """
            [{"op":"add","path":"/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/a/maxLength","value":2}]
            """)).Ok(200);
        await Eventually.TrueAsync(async () => (await Api.PostAsync(things + "?dryRun=All", Thing("new", "\"a\":\"long\""))).Code == 422, "the new bound holds");

        (await Api.MergeAsync($"{things}/old", """{"metadata":{"labels":{"x":"y"}}}""")).Ok(200);
        (await Api.MergeAsync($"{things}/old", """{"spec":{"a":"other"}}""")).Refused(422, "Invalid", "spec.a");
        (await Api.MergeAsync($"{things}/old", """{"spec":{"a":"ok"}}""")).Ok(200);
    }

    [Fact]
    public async Task Delete_Definition_RemovesItsObjectsAndThePath()
    {
        await InstallAsync();
        var things = $"apis/{Group}/v1/namespaces/{Namespace}/things";
        (await Api.PostAsync(things, Thing("a", ""))).Ok(201);

        (await Api.DeleteAsync(Crd)).Ok();

        await Eventually.TrueAsync(async () => (await Api.GetAsync(Crd)).Code == 404, "the definition is gone");
        await Eventually.TrueAsync(async () => (await Api.GetAsync(things)).Code == 404, "the path is gone");
        await InstallAsync();
        (await Api.GetAsync(things)).Ok(200).Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task ClusterScope_Objects_HaveNoNamespace()
    {
        await WidgetCrd.InstallAsync(Cluster, $"things.{Group}", Definition(Good).Replace("Namespaced", "Cluster", StringComparison.Ordinal));
        var things = $"apis/{Group}/v1/things";
        await WidgetCrd.ServedAsync(Cluster, things);

        (await Api.PostAsync(things, Thing("a", "\"a\":\"1\""))).Ok(201)["metadata.namespace"].ShouldBeNull();
        (await Api.GetAsync($"apis/{Group}/v1/namespaces/{Namespace}/things")).Code.ShouldBe(404);
    }

    [Fact]
    public async Task Versions_OfOneObject_ShareItsContent()
    {
        (await CreateAsync("\"size\":\"L\"")).Ok(201);

        var beta = (await Api.GetAsync($"{Widgets.BetaCollection}/{Name()}")).Ok(200);

        beta.Json.Text("apiVersion").ShouldBe($"{Widgets.Group}/v1beta1");
        beta.Json.Text("spec.size").ShouldBe("L");
        beta.Warnings.ShouldContain(w => w.Contains("widgets v1beta1 are old"));
        (await Api.MergeAsync($"{Widgets.BetaCollection}/{Name()}", """{"spec":{"size":"M"}}""")).Ok(200);
        (await Api.GetAsync(Widget)).Json.Text("spec.size").ShouldBe("M");
    }

    private async Task InstallAsync()
    {
        await WidgetCrd.InstallAsync(Cluster, $"things.{Group}", Definition(Good));
        await WidgetCrd.ServedAsync(Cluster, $"apis/{Group}/v1/namespaces/{Namespace}/things");
    }

    private string Definition(string schema) => $$$"""
        {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"things.{{{Group}}}"},
         "spec":{"group":"{{{Group}}}","scope":"Namespaced","names":{"plural":"things","kind":"Thing"},
          "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{{{schema}}}}}]}}
        """;

    private string Thing(string name, string spec) => $$$"""
        {"apiVersion":"{{{Group}}}/v1","kind":"Thing","metadata":{"name":"{{{name}}}"},"spec":{ {{{spec}}} }}
        """;
}
