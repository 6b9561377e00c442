using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi;

namespace Mooring.Sandbox.Tests.KubeApi.Http;

public sealed class WatchTests(TestServer server) : IClassFixture<TestServer>
{
    [Fact]
    public async Task Watch_FromARevision_SeesEveryChangeAfterIt()
    {
        var path = await PathAsync();
        var first = await CreateAsync(path, "a");
        await CreateAsync(path, "b");
        using var watch = await server.WatchAsync($"{path}?watch=true&resourceVersion={first.ResourceVersion}");

        (await watch.NextTextAsync()).ShouldBe("ADDED b");
        await LabelAsync($"{path}/a", "x", "1");
        (await watch.NextTextAsync()).ShouldBe("MODIFIED a");
        await server.SendAsync("DELETE", $"{path}/a");
        var deleted = await watch.NextAsync();
        deleted!.Value.Type.ShouldBe("DELETED");
        long.Parse((string)deleted.Value.Object["metadata"]!["resourceVersion"]!).ShouldBeGreaterThan(long.Parse(first.ResourceVersion) + 2);
    }

    [Theory]
    [InlineData("")]
    [InlineData("&resourceVersion=0")]
    public async Task Watch_WithoutRevision_StartsWithThePresentState(string revision)
    {
        var path = await PathAsync();
        await CreateAsync(path, "a");
        using var watch = await server.WatchAsync($"{path}?watch=1{revision}");
        (await watch.NextTextAsync()).ShouldBe("ADDED a");
    }

    [Fact]
    public async Task Watch_Selector_TurnsTransitionsIntoAddedAndDeleted()
    {
        var path = await PathAsync();
        using var watch = await server.WatchAsync($"{path}?watch=true&labelSelector=x%3D1");
        await CreateAsync(path, "a");
        await LabelAsync($"{path}/a", "x", "1");
        (await watch.NextTextAsync()).ShouldBe("ADDED a");
        await LabelAsync($"{path}/a", "y", "2");
        (await watch.NextTextAsync()).ShouldBe("MODIFIED a");
        await LabelAsync($"{path}/a", "x", "2");
        (await watch.NextTextAsync()).ShouldBe("DELETED a");
    }

    [Fact]
    public async Task Watch_SendInitialEvents_EndsThemWithABookmark()
    {
        var path = await PathAsync();
        await CreateAsync(path, "a");
        using var watch = await server.WatchAsync($"{path}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");

        (await watch.NextTextAsync()).ShouldBe("ADDED a");
        var bookmark = await watch.NextAsync();
        bookmark!.Value.Type.ShouldBe("BOOKMARK");
        ((string?)bookmark.Value.Object["metadata"]!["annotations"]!["k8s.io/initial-events-end"]).ShouldBe("true");
    }

    [Theory]
    [InlineData("sendInitialEvents=true&allowWatchBookmarks=true")]
    [InlineData("sendInitialEvents=true&resourceVersionMatch=NotOlderThan")]
    [InlineData("resourceVersionMatch=NotOlderThan")]
    public async Task Watch_OptionsThatDoNotGoTogether_AreInvalid(string query)
    {
        var path = await PathAsync();
        using var watch = await server.WatchAsync($"{path}?watch=true&{query}");
        watch.Code.ShouldBe(422);
    }

    [Fact]
    public async Task Watch_TimeoutSeconds_EndsIt()
    {
        var path = await PathAsync();
        using var watch = await server.WatchAsync($"{path}?watch=true&timeoutSeconds=1");
        (await watch.NextTextAsync()).ShouldBe("end");
    }

    [Fact]
    public async Task Watch_AsTable_SendsHeadersOnce()
    {
        var path = await PathAsync();
        await CreateAsync(path, "a");
        using var watch = await server.WatchAsync($"{path}?watch=true", "application/json;as=Table;v=v1;g=meta.k8s.io");
        var first = (await watch.NextAsync())!.Value.Object;
        first["columnDefinitions"]!.AsArray().Count.ShouldBe(3);
        await LabelAsync($"{path}/a", "x", "1");
        var second = (await watch.NextAsync())!.Value.Object;
        second["columnDefinitions"]!.AsArray().ShouldBeEmpty();
        second["rows"]![0]!["cells"]![0]!.ToString().ShouldBe("a");
    }

    [Fact]
    public async Task Watch_CompactedRevision_IsGone()
    {
        await using var own = new TestServer();
        await own.InitializeAsync();
        var path = $"/api/v1/namespaces/{await own.NewNamespaceAsync()}/configmaps";
        var old = await own.SendAsync("POST", path, JsonNode.Parse("""{"metadata":{"name":"a"}}"""));
        await own.SendAsync("POST", path, JsonNode.Parse("""{"metadata":{"name":"b"}}"""));
        var page = await own.GetAsync($"{path}?limit=1");
        await own.SendAsync("POST", path, JsonNode.Parse("""{"metadata":{"name":"c"}}"""));
        own.Server.Compact();

        using var watch = await own.WatchAsync($"{path}?watch=true&resourceVersion={old.ResourceVersion}");
        var error = await watch.NextAsync();
        error!.Value.Type.ShouldBe("ERROR");
        error.Value.Object["code"]!.GetValue<int>().ShouldBe(410);
        (await own.GetAsync($"{path}?limit=1&continue={page.Body["metadata"]!["continue"]}")).Code.ShouldBe(410);
    }

    [Fact]
    public async Task Watch_Bookmarks_MoveTheRevisionOn()
    {
        await using var own = await ApiServer.StartAsync(
            new ApiServerOptions { Tls = false, BookmarkInterval = TimeSpan.FromMilliseconds(50) }, TestContext.Current.CancellationToken);
        using var client = TestServer.ClientFor(own);
        using var response = await client.GetAsync(
            "/api/v1/nodes?watch=true&allowWatchBookmarks=true", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        using var watch = new WatchReader(response, await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        var bookmark = await watch.NextAsync();
        bookmark!.Value.Type.ShouldBe("BOOKMARK");
        long.Parse((string)bookmark.Value.Object["metadata"]!["resourceVersion"]!).ShouldBeGreaterThan(0);
    }

    private async Task<string> PathAsync() => $"/api/v1/namespaces/{await server.NewNamespaceAsync()}/configmaps";

    private Task<Answer> CreateAsync(string path, string name) =>
        server.SendAsync("POST", path, new JsonObject { ["metadata"] = new JsonObject { ["name"] = name } });

    private Task<Answer> LabelAsync(string path, string key, string value) => server.SendAsync(
        "PATCH", path, new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { [key] = value } } }, "application/merge-patch+json");
}
