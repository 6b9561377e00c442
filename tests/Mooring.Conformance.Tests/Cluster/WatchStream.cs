using System.Net.Http.Headers;
using System.Text.Json.Nodes;

namespace Mooring.Conformance.Tests.Cluster;

/// <summary>A watch, line by line.</summary>
internal sealed class WatchStream : IDisposable
{
    private readonly string _request;
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _reader;

    private WatchStream(string request, HttpResponseMessage response, Stream stream)
    {
        _request = request;
        _response = response;
        _reader = new StreamReader(stream);
    }

    public int Code => (int)_response.StatusCode;

    public MediaTypeHeaderValue? ContentType => _response.Content.Headers.ContentType;

    public static async Task<WatchStream> OpenAsync(string request, HttpResponseMessage response) =>
        new(request, response, await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));

    /// <summary>The whole answer, when it is not a stream but a refusal.</summary>
    public async Task<Answer> RefusalAsync() => new(
        _request, Code, _response.Headers, ContentType, await _reader.ReadToEndAsync(TestContext.Current.CancellationToken));

    /// <summary>The next event, or null when the watch has ended. Bookmarks are passed over unless asked for.</summary>
    public async Task<(string Type, JsonNode Object)?> NextAsync(bool bookmarks = false)
    {
        Code.ShouldBe(200, _request);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Eventually.Patience);
        while (await _reader.ReadLineAsync(limit.Token) is { } line)
        {
            var read = JsonNode.Parse(line)!;
            if (bookmarks || (string)read["type"]! != "BOOKMARK")
            {
                return ((string)read["type"]!, read["object"]!);
            }
        }

        return null;
    }

    /// <summary>The next event as <c>ADDED name</c>; <c>end</c> when the watch has ended.</summary>
    public async Task<string> NextTextAsync() => await NextAsync() is { } next ? $"{next.Type} {next.Object.Text("metadata.name")}" : "end";

    public async Task<List<string>> TakeAsync(int count)
    {
        var seen = new List<string>();
        while (seen.Count < count)
        {
            seen.Add(await NextTextAsync());
        }

        return seen;
    }

    public void Dispose()
    {
        _reader.Dispose();
        _response.Dispose();
    }
}
