using System.Text.Json.Nodes;
using Mooring.Conformance.Tests.Cluster;

namespace Mooring.Conformance.Tests.Server.OpenApi;

/// <summary>OpenAPI v3, from which kubectl explains, validates and merges.</summary>
public sealed class OpenApiTests(ConformanceCluster cluster) : WidgetTest(cluster)
{
    [Fact]
    public async Task Index_Paths_NameDocumentsByHash()
    {
        var index = (await Api.GetAsync("openapi/v3")).Ok(200);

        foreach (var path in (string[])["api/v1", "apis/apps/v1", "apis/coordination.k8s.io/v1"])
        {
            index["paths"]!.At($"[{path}]").Text("serverRelativeURL")!.ShouldStartWith($"/openapi/v3/{path}?hash=");
        }
    }

    [Fact]
    public async Task Document_OfTheCore_DescribesKindsWithReferences()
    {
        var document = await DocumentAsync("api/v1");

        document.Json.Text("openapi")!.ShouldStartWith("3.");
        var map = document["components.schemas"]!["io.k8s.api.core.v1.ConfigMap"]!;
        map.Text("type").ShouldBe("object");
        map["properties"]!["data"].Text("additionalProperties.type").ShouldBe("string");
        map["x-kubernetes-group-version-kind"]!.AsArray().ShouldContain(k => k.Text("kind") == "ConfigMap" && k.Text("version") == "v1");
        document["components.schemas"]!.AsObject().ContainsKey("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta").ShouldBeTrue();
    }

    [Fact]
    public async Task Document_Lists_NameTheirMergeKeys()
    {
        var ports = (await DocumentAsync("api/v1"))["components.schemas"]!["io.k8s.api.core.v1.ServiceSpec"]!["properties"]!["ports"]!;

        ports.Text("x-kubernetes-list-type").ShouldBe("map");
        ports["x-kubernetes-list-map-keys"]!.AsArray().Select(k => (string?)k).ShouldBe(["port", "protocol"]);
        ports.Text("x-kubernetes-patch-merge-key").ShouldBe("port");
        ports.Text("x-kubernetes-patch-strategy").ShouldBe("merge");
    }

    [Fact]
    public async Task Document_Paths_NameActionsAndKinds()
    {
        var document = await DocumentAsync("api/v1");
        var item = document["paths"]!["/api/v1/namespaces/{namespace}/configmaps/{name}"]!;

        foreach (var method in (string[])["get", "put", "patch", "delete"])
        {
            item[method].Text("x-kubernetes-group-version-kind.kind").ShouldBe("ConfigMap");
        }

        item["patch"]!["parameters"]!.AsArray().Select(p => p.Text("name")).ShouldContain("fieldValidation");
    }

    [Fact]
    public async Task CustomResource_Document_HoldsItsSchema()
    {
        var spec = await WidgetSpecAsync();

        spec.Text("properties.size.default").ShouldBe("S");
        spec.Text("properties.size.description").ShouldBe("How large it is.");
        spec.Text("properties.ports.x-kubernetes-list-type").ShouldBe("map");
        ((bool)spec.At("properties.target.x-kubernetes-int-or-string")!).ShouldBeTrue();
        ((bool)spec.At("properties.raw.x-kubernetes-preserve-unknown-fields")!).ShouldBeTrue();
    }

    [Fact]
    public async Task CustomResource_Document_NamesItsKind()
    {
        await WidgetSpecAsync();

        var widget = Described(await DocumentAsync($"apis/{Widgets.Group}/v1"))!;

        widget["x-kubernetes-group-version-kind"]!.AsArray().ShouldHaveSingleItem().Text("group").ShouldBe(Widgets.Group);
        widget["properties"]!.AsObject().Select(p => p.Key).ShouldBe(["apiVersion", "kind", "metadata", "spec", "status"], ignoreOrder: true);
    }

    [Fact]
    public async Task Document_OfAGroupThatIsNotServed_IsNotFound() => (await Api.GetAsync($"openapi/v3/apis/{Case}.example.com/v1")).Code.ShouldBe(404);

    [Fact]
    public async Task Document_KnownEtag_IsNotSentAgain()
    {
        var first = await DocumentAsync("apis/coordination.k8s.io/v1");
        var etag = first.Headers.ETag.ShouldNotBeNull().Tag;

        (await Api.SendAsync(HttpMethod.Get, "openapi/v3/apis/coordination.k8s.io/v1", ifNoneMatch: etag)).Code.ShouldBe(304);
    }

    private async Task<Answer> DocumentAsync(string path) => (await Api.GetAsync($"openapi/v3/{path}")).Ok(200);

    /// <summary>A new kind's document comes a moment after its objects.</summary>
    private async Task<JsonNode> WidgetSpecAsync()
    {
        JsonNode? spec = null;
        await Eventually.TrueAsync(
            async () =>
            {
                var answer = await Api.GetAsync($"openapi/v3/apis/{Widgets.Group}/v1");
                spec = answer.Code == 200 ? Described(answer)?["properties"]?["spec"] : null;
                return spec is not null;
            },
            "the kind is described");
        return spec!;
    }

    private static JsonNode? Described(Answer document) =>
        document["components.schemas"]!.AsObject().FirstOrDefault(s => s.Key.EndsWith(".v1.Widget", StringComparison.Ordinal)).Value;
}
