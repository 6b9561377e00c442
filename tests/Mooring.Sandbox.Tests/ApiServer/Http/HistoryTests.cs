using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi;

namespace Mooring.Sandbox.Tests.KubeApi.Http;

/// <summary>What a real server does only after minutes, and this one when told.</summary>
public sealed class HistoryTests
{
    [Fact]
    public async Task List_PageAfterCompaction_GoesOnInconsistently()
    {
        await using var own = new TestServer();
        await own.InitializeAsync();
        var maps = $"/api/v1/namespaces/{await own.NewNamespaceAsync()}/configmaps";
        foreach (var name in (string[])["a", "b", "c"])
        {
            await own.SendAsync("POST", maps, new JsonObject { ["metadata"] = new JsonObject { ["name"] = name } });
        }

        var page = await own.GetAsync($"{maps}?limit=1");
        await own.SendAsync("DELETE", $"{maps}/b");
        own.Server.Compact();

        var gone = await own.GetAsync($"{maps}?limit=1&continue={page.Body["metadata"]!["continue"]}");
        gone.Code.ShouldBe(410);
        var rest = await own.GetAsync($"{maps}?continue={gone.Body["metadata"]!["continue"]}");

        rest.Body["items"]!.AsArray().Select(i => (string)i!["metadata"]!["name"]!).ShouldBe(["c"]);
    }

    [Fact]
    public async Task Exact_AfterCompaction_IsGone()
    {
        await using var own = new TestServer();
        await own.InitializeAsync();
        var maps = $"/api/v1/namespaces/{await own.NewNamespaceAsync()}/configmaps";
        var version = (string)(await own.GetAsync(maps)).Body["metadata"]!["resourceVersion"]!;
        await own.SendAsync("POST", maps, new JsonObject { ["metadata"] = new JsonObject { ["name"] = "a" } });
        var exact = $"{maps}?resourceVersion={version}&resourceVersionMatch=Exact";
        (await own.GetAsync(exact)).Code.ShouldBe(200);

        own.Server.Compact();

        (await own.GetAsync(exact)).Code.ShouldBe(410);
    }

    [Fact]
    public async Task Controllers_TurnedOff_LeaveDependentsAlone()
    {
        await using var server = await ApiServer.StartAsync(new ApiServerOptions { Tls = false, RunsControllers = false }, TestContext.Current.CancellationToken);
        using var client = TestServer.ClientFor(server);

        (await client.GetAsync("/api/v1/namespaces/default/serviceaccounts/default", TestContext.Current.CancellationToken)).IsSuccessStatusCode.ShouldBeFalse();
    }
}
