using System.Text.Json.Nodes;
using Mooring.Conformance.Tests.Cluster;

namespace Mooring.Conformance.Tests.Server.Discovery;

public sealed class DiscoveryTests(ConformanceCluster cluster) : WidgetTest(cluster)
{
    private const string Aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

    [Fact]
    public async Task Version_Document_NamesMajorAndMinor()
    {
        var version = (await Api.GetAsync("version")).Ok(200);

        version.Json.Text("major").ShouldBe("1");
        version.Json.Text("gitVersion")!.ShouldStartWith("v1.");
    }

    [Theory]
    [InlineData("livez")]
    [InlineData("readyz")]
    public async Task Health_Endpoint_IsOk(string path) => (await Api.GetAsync(path, "*/*")).Ok(200).Text.ShouldBe("ok");

    [Fact]
    public async Task Api_Document_NamesV1()
    {
        var api = (await Api.GetAsync("api")).Ok(200);

        api.Json.Text("kind").ShouldBe("APIVersions");
        api["versions"]!.AsArray().Select(v => (string?)v).ShouldContain("v1");
    }

    [Fact]
    public async Task Apis_Document_NamesTheGroupsWithTheirPreferredVersion()
    {
        var groups = (await Api.GetAsync("apis")).Ok(200);

        groups.Json.Text("kind").ShouldBe("APIGroupList");
        var named = groups["groups"]!.AsArray().ToDictionary(g => g.Text("name")!, g => g.Text("preferredVersion.version"));
        foreach (var group in (string[])["apps", "coordination.k8s.io", "discovery.k8s.io", "apiextensions.k8s.io", "authorization.k8s.io", "authentication.k8s.io"])
        {
            named[group].ShouldBe("v1");
        }
    }

    [Fact]
    public async Task Core_Resources_NameVerbsShortNamesAndScope()
    {
        var list = (await Api.GetAsync("api/v1")).Ok(200);

        list.Json.Text("kind").ShouldBe("APIResourceList");
        list.Json.Text("groupVersion").ShouldBe("v1");
        var maps = Resource(list, "configmaps");
        maps.Text("kind").ShouldBe("ConfigMap");
        ((bool)maps.At("namespaced")!).ShouldBeTrue();
        maps["shortNames"]!.AsArray().Select(s => (string?)s).ShouldBe(["cm"]);
        maps["verbs"]!.AsArray().Select(s => (string?)s).ShouldBe(["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"], ignoreOrder: true);
        ((bool)Resource(list, "namespaces").At("namespaced")!).ShouldBeFalse();
        Resource(list, "services/status").Text("kind").ShouldBe("Service");
        Resource(list, "serviceaccounts/token").Text("kind").ShouldBe("TokenRequest");
    }

    [Fact]
    public async Task CustomResource_IsDiscovered()
    {
        await Eventually.TrueAsync(async () => (await Api.GetAsync($"apis/{Widgets.Group}/v1")).Code == 200, "the group version is discovered");

        var list = (await Api.GetAsync($"apis/{Widgets.Group}/v1")).Ok(200);

        var widgets = Resource(list, "widgets");
        widgets.Text("kind").ShouldBe("Widget");
        widgets.Text("singularName").ShouldBe("widget");
        widgets["shortNames"]!.AsArray().Select(s => (string?)s).ShouldBe(["wdg"]);
        widgets["categories"]!.AsArray().Select(s => (string?)s).ShouldBe(["conformance"]);
        Resource(list, "widgets/scale").Text("group").ShouldBe("autoscaling");
        Resource(list, "widgets/status").Text("kind").ShouldBe("Widget");
    }

    [Fact]
    public async Task Group_Document_PrefersTheStableVersion()
    {
        await Eventually.TrueAsync(async () => (await Api.GetAsync($"apis/{Widgets.Group}")).Code == 200, "the group is discovered");

        var group = (await Api.GetAsync($"apis/{Widgets.Group}")).Ok(200);

        group.Json.Text("kind").ShouldBe("APIGroup");
        group.Json.Text("preferredVersion.version").ShouldBe("v1");
        group["versions"]!.AsArray().Select(v => v.Text("version")).ShouldBe(["v1", "v1beta1"]);
    }

    [Fact]
    public async Task Group_ThatIsNotServed_IsNotFound()
    {
        (await Api.GetAsync($"apis/{Case}.example.com")).Code.ShouldBe(404);
        (await Api.GetAsync($"apis/{Case}.example.com/v1/things")).Code.ShouldBe(404);
        (await Api.GetAsync($"api/v1/namespaces/{Namespace}/nosuchthings")).Code.ShouldBe(404);
    }

    [Fact]
    public async Task Aggregated_Core_HoldsEveryResourceAtOnce()
    {
        var all = await AggregatedAsync("api");

        var core = all["items"]!.AsArray().ShouldHaveSingleItem()!;
        var v1 = core["versions"]!.AsArray().First(v => v.Text("version") == "v1")!;
        var services = v1["resources"]!.AsArray().First(r => r.Text("resource") == "services")!;
        services.Text("responseKind.kind").ShouldBe("Service");
        services.Text("scope").ShouldBe("Namespaced");
        services.Text("singularResource").ShouldBe("service");
        services["subresources"]!.AsArray().Select(s => s.Text("subresource")).ShouldContain("status");
    }

    [Fact]
    public async Task Aggregated_Groups_HoldCustomResources()
    {
        await Eventually.TrueAsync(
            async () => (await AggregatedAsync("apis"))["items"]!.AsArray().Any(g => g.Text("metadata.name") == Widgets.Group), "the group is discovered");

        var group = (await AggregatedAsync("apis"))["items"]!.AsArray().First(g => g.Text("metadata.name") == Widgets.Group)!;

        var versions = group["versions"]!.AsArray();
        versions.Select(v => v.Text("version")).ShouldBe(["v1", "v1beta1"]);
        var widgets = versions[0]!["resources"]!.AsArray().ShouldHaveSingleItem()!;
        widgets.Text("responseKind.group").ShouldBe(Widgets.Group);
        widgets["subresources"]!.AsArray().Select(s => s.Text("subresource")).ShouldBe(["status", "scale"], ignoreOrder: true);
    }

    [Fact]
    public async Task Aggregated_KnownEtag_IsNotSentAgain()
    {
        // The groups may change while we look, by the CRDs of other cases; the core does not.
        var first = await AggregatedAsync("api");
        var etag = first.Headers.ETag.ShouldNotBeNull().Tag;

        (await Api.SendAsync(HttpMethod.Get, "api", accept: Aggregated, ifNoneMatch: etag)).Code.ShouldBe(304);
    }

    private async Task<Answer> AggregatedAsync(string path)
    {
        var answer = (await Api.GetAsync(path, Aggregated)).Ok(200);
        Assert.SkipWhen(answer.Json.Text("kind") is "APIVersions" or "APIGroupList", "this cluster serves no aggregated discovery v2");
        answer.Json.Text("kind").ShouldBe("APIGroupDiscoveryList");
        answer.Json.Text("apiVersion").ShouldBe("apidiscovery.k8s.io/v2");
        answer.ContentType!.Parameters.ShouldContain(p => p.Name == "as" && p.Value == "APIGroupDiscoveryList");
        return answer;
    }

    private static JsonNode Resource(Answer list, string name) => list["resources"]!.AsArray().First(r => r.Text("name") == name)!;
}
