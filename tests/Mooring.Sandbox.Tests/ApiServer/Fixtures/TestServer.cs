using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi;

namespace Mooring.Sandbox.Tests.KubeApi;

/// <summary>A server and a plain client for it. Tests keep apart by making a namespace each.</summary>
public sealed class TestServer : IAsyncLifetime
{
    private int _namespaces;

    public ApiServer Server { get; private set; } = null!;

    public HttpClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await ApiServer.StartAsync(new ApiServerOptions { Tls = false }, TestContext.Current.CancellationToken);
        Client = ClientFor(Server);
        await SendAsync("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", SampleCrd.Json());
        await Eventually.HoldsAsync(async () => (await Client.GetAsync("/apis/test.mooring.dev/v1")).IsSuccessStatusCode);
    }

    public static HttpClient ClientFor(ApiServer server)
    {
        var client = new HttpClient { BaseAddress = server.Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", server.Token);
        client.DefaultRequestHeaders.UserAgent.ParseAdd("test/1.0");
        return client;
    }

    public async Task<string> NewNamespaceAsync()
    {
        var name = $"t{Interlocked.Increment(ref _namespaces)}-{Guid.NewGuid().ToString()[..8]}";
        (await SendAsync("POST", "/api/v1/namespaces", new JsonObject { ["metadata"] = new JsonObject { ["name"] = name } })).Code.ShouldBe(201);
        return name;
    }

    public Task<Answer> GetAsync(string path) => SendAsync("GET", path);

    public async Task<Answer> SendAsync(string method, string path, JsonNode? body = null, string contentType = "application/json", string? accept = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8);
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        }

        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        using var response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var warnings = response.Headers.TryGetValues("Warning", out var values) ? values.ToList() : [];
        return new Answer((int)response.StatusCode, text.StartsWith('{') ? (JsonObject)JsonNode.Parse(text)! : [], warnings);
    }

    /// <summary>Opens a watch and returns its lines as they come.</summary>
    public async Task<WatchReader> WatchAsync(string pathAndQuery, string? accept = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, pathAndQuery);
        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        var response = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        return new WatchReader(response, await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Server.DisposeAsync();
    }
}

public sealed record Answer(int Code, JsonObject Body, IReadOnlyList<string> Warnings)
{
    public string Message => (string?)Body["message"] ?? "";

    public string ResourceVersion => (string)Body["metadata"]!["resourceVersion"]!;
}

public sealed class WatchReader(HttpResponseMessage response, Stream stream) : IDisposable
{
    private readonly StreamReader _reader = new(stream);

    public int Code => (int)response.StatusCode;

    /// <summary>The next event, or null when the watch has ended.</summary>
    public async Task<(string Type, JsonObject Object)?> NextAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        return await _reader.ReadLineAsync(limit.Token) is { } line && JsonNode.Parse(line) is JsonObject read
            ? ((string)read["type"]!, (JsonObject)read["object"]!)
            : null;
    }

    public async Task<string> NextTextAsync() =>
        await NextAsync() is { } next ? $"{next.Type} {(string?)next.Object["metadata"]?["name"]}" : "end";

    public void Dispose()
    {
        _reader.Dispose();
        response.Dispose();
    }
}

internal static class Eventually
{
    /// <summary>Waits for a condition that something else brings about; the limit is for a hang, not for timing.</summary>
    public static async Task HoldsAsync(Func<Task<bool>> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (!await condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
        }
    }
}
