using k8s.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Mooring.Kubernetes.Caching;
using Mooring.Kubernetes.Client;
using Mooring.Kubernetes.Tests.Client;
using Mooring.Kubernetes.Tests.Fakes;

namespace Mooring.Kubernetes.Tests.BadInput;

/// <summary>Answers far larger than any honest one, read with the default limits.</summary>
public sealed class HugeAnswerTests : ClientTestBase
{
    private const long Gigabyte = 1L << 30;

    private long _sent;

    [Fact]
    public async Task Get_ObjectOfAGigabyte_IsReadNoFurtherThanTheLimit()
    {
        var client = await ClientAsync(
            c => FillAsync(c, """{"metadata":{"name":"n"},"note":" """, Gigabyte), new KubernetesClientOptions());

        var fault = await Should.ThrowAsync<HttpRequestException>(() => client.GetAsync<V1Node>("n"));

        fault.Message.ShouldBe("the answer to GET /api/v1/nodes/n is over 8388608 bytes");
        _sent.ShouldBeLessThan(Gigabyte / 8);
        Server.Requests.Count.ShouldBe(1, "it would be as large again");
    }

    [Fact]
    public async Task Get_LengthOfAGigabyteAnnounced_IsNotReadAtAll()
    {
        var client = await ClientAsync(
            c =>
            {
                c.Response.ContentLength = Gigabyte;
                return FillAsync(c, "{", Gigabyte);
            },
            new KubernetesClientOptions());

        (await Should.ThrowAsync<HttpRequestException>(() => client.GetAsync<V1Node>("n")))
            .Message.ShouldBe("the answer to GET /api/v1/nodes/n is over 8388608 bytes");
    }

    [Fact]
    public async Task List_PageOfAGigabyte_IsReadNoFurtherThanTheLimit()
    {
        var client = await ClientAsync(
            c => FillAsync(c, """{"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"n"}},""", Gigabyte, " "),
            new KubernetesClientOptions());

        var fault = await Should.ThrowAsync<HttpRequestException>(() => client.ListAsync<V1Node>());

        fault.Message.ShouldBe("the answer to GET /api/v1/nodes?limit=500 is over 268435456 bytes");
        _sent.ShouldBeLessThan(Gigabyte / 2);
    }

    [Fact]
    public async Task Get_ErrorOfAGigabyte_IsShownByItsStart()
    {
        var client = await ClientAsync(
            c =>
            {
                c.Response.StatusCode = 404;
                return FillAsync(c, "nothing here", Gigabyte);
            },
            new KubernetesClientOptions());

        var fault = await Should.ThrowAsync<KubernetesException>(() => client.GetAsync<V1Node>("n"));

        fault.Message.ShouldContain("404 Not Found, not from a Kubernetes API server: application/json 'nothing here");
        fault.Message.Length.ShouldBeLessThan(400);
        _sent.ShouldBeLessThan(Gigabyte / 8);
    }

    [Fact]
    public async Task Watch_LineOf64Megabytes_EndsThatWatchAndTheInformerGoesOn()
    {
        var watches = 0;
        var client = await ClientAsync(
            c => c.Request.Query["watch"] != "true" ? c.JsonAsync(Answers.List("1", null))
                : Interlocked.Increment(ref watches) == 1
                    ? FillAsync(c, """{"type":"ADDED","object":{"metadata":{"name":" """, 64 << 20)
                    : c.WatchAsync(Answers.Event("ADDED", Answers.Pod("p", "2"))),
            new KubernetesClientOptions());
        var log = new RecordingLogger<Informer<V1Pod>>();
        using var stop = new CancellationTokenSource();
        using var informer = new Informer<V1Pod>(
            client, new InformerOptions { StreamLists = false }, TimeProvider.System, log);

        var running = informer.RunAsync(stop.Token);
        await Eventually.TrueAsync(() => informer.Store.List().Count == 1);
        await stop.CancelAsync();
        await running.SoonAsync();

        _sent.ShouldBeLessThan(64 << 20);
        log.Entries.Single(entry => entry.Level == LogLevel.Warning).Exception!.Message
            .ShouldContain("an event of the watch is over 8388608 bytes");
    }

    private async Task FillAsync(HttpContext context, string start, long length, string filler = "x")
    {
        await context.SendAsync(start);
        var piece = string.Concat(Enumerable.Repeat(filler, 100_000));
        while (!context.RequestAborted.IsCancellationRequested && Interlocked.Read(ref _sent) < length)
        {
            await context.Response.WriteAsync(piece);
            Interlocked.Add(ref _sent, piece.Length);
        }
    }
}
