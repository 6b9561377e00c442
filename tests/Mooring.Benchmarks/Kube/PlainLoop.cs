using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using k8s;
using k8s.Models;

namespace Mooring.Benchmarks.Kube;

/// <summary>The limit: HttpClient, JsonSerializer and a dictionary, without retries, versions, limits or anybody told.</summary>
internal static class PlainLoop
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static async Task<Measurement> RunAsync(Uri server, bool streamed)
    {
        await Task.Yield();
        using var http = new HttpClient { BaseAddress = server };
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var started = TimeProvider.System.GetTimestamp();
        var cache = streamed ? [] : await ListAsync(http);
        var asked = streamed ? "sendInitialEvents=true" : $"resourceVersion={KubeServer.Objects}";
        await using var stream = await http.GetStreamAsync($"api/v1/pods?watch=true&allowWatchBookmarks=true&{asked}");
        using var lines = new StreamReader(stream, Encoding.UTF8, false, 64 << 10);
        if (streamed)
        {
            await FollowAsync(lines, cache, KubeServer.Objects + 1);
        }

        var list = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        var held = GC.GetTotalMemory(forceFullCollection: true) - before;
        started = TimeProvider.System.GetTimestamp();
        (await http.GetAsync("go")).Dispose();
        await FollowAsync(lines, cache, KubeServer.Changes);
        var watch = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        GC.KeepAlive(cache);
        return new Measurement(list, watch, held);
    }

    private static async Task<Dictionary<string, V1Pod>> ListAsync(HttpClient http)
    {
        var cache = new Dictionary<string, V1Pod>();
        var next = "";
        do
        {
            await using var stream = await http.GetStreamAsync($"api/v1/pods?limit=500&continue={next}");
            var page = await JsonSerializer.DeserializeAsync<Page>(stream, Json);
            foreach (var pod in page!.Items)
            {
                cache[$"{pod.Metadata.NamespaceProperty}/{pod.Metadata.Name}"] = pod;
            }

            next = page.Metadata.ContinueProperty;
        }
        while (!string.IsNullOrEmpty(next));

        return cache;
    }

    private static async Task FollowAsync(StreamReader lines, Dictionary<string, V1Pod> cache, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var change = JsonSerializer.Deserialize<Change>((await lines.ReadLineAsync())!, Json)!;
            if (change.Type != "BOOKMARK")
            {
                cache[$"{change.Object.Metadata.NamespaceProperty}/{change.Object.Metadata.Name}"] = change.Object;
            }
        }
    }

    private sealed record Page(V1ListMeta Metadata, List<V1Pod> Items);

    private sealed record Change(string Type, [property: JsonPropertyName("object")] V1Pod Object);
}
