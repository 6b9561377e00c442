using k8s;
using k8s.Models;
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

    /// <summary>What the kernel and the handler hold on the way.</summary>
    private const long Buffers = 32 << 20;

    [Fact]
    public async Task Get_ObjectOfAGigabyte_IsReadNoFurtherThanTheLimit()
    {
        var (client, server) = Flooded(_ => new Flood("""{"metadata":{"name":"n"},"note":" """, Gigabyte));

        var fault = await Should.ThrowAsync<HttpRequestException>(() => client.GetAsync<V1Node>("n"));

        fault.Message.ShouldBe("the answer to GET /api/v1/nodes/n is over 8388608 bytes");
        server.Sent.ShouldBeLessThan(KubernetesClientOptions.DefaultMaxObjectBytes + Buffers);
        server.Requests.ShouldBe(1, "it would be as large again");
    }

    [Fact]
    public async Task Get_LengthOfAGigabyteAnnounced_IsNotReadAtAll()
    {
        var (client, server) = Flooded(_ => new Flood("{", Gigabyte, Announced: Gigabyte));

        (await Should.ThrowAsync<HttpRequestException>(() => client.GetAsync<V1Node>("n")))
            .Message.ShouldBe("the answer to GET /api/v1/nodes/n is over 8388608 bytes");
        server.Sent.ShouldBeLessThan(Buffers);
    }

    [Fact]
    public async Task List_PageOfAGigabyte_IsReadNoFurtherThanTheLimit()
    {
        var (client, server) = Flooded(_ => new Flood(
            """{"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"n"}},""", Gigabyte, " "));

        var fault = await Should.ThrowAsync<HttpRequestException>(() => client.ListAsync<V1Node>());

        fault.Message.ShouldBe("the answer to GET /api/v1/nodes?limit=500 is over 268435456 bytes");
        server.Sent.ShouldBeLessThan(KubernetesClientOptions.DefaultMaxResponseBytes + Buffers);
    }

    [Fact]
    public async Task Get_ErrorOfAGigabyte_IsShownByItsStart()
    {
        var (client, server) = Flooded(_ => new Flood("nothing here", Gigabyte, Status: 404));

        var fault = await Should.ThrowAsync<KubernetesException>(() => client.GetAsync<V1Node>("n"));

        fault.Message.ShouldContain("404 X, not from a Kubernetes API server: application/json 'nothing here");
        fault.Message.Length.ShouldBeLessThan(400);
        server.Sent.ShouldBeLessThan(Buffers);
    }

    [Fact]
    public async Task Watch_LineOf64Megabytes_EndsThatWatchAndTheInformerGoesOn()
    {
        var watches = 0;
        var (client, server) = Flooded(target => target.Contains("watch=true", StringComparison.Ordinal)
            ? Interlocked.Increment(ref watches) == 1
                ? new Flood("""{"type":"ADDED","object":{"metadata":{"name":" """, 64 << 20)
                : new Flood(Answers.Event("ADDED", Answers.Pod("p", "2")) + "\n", StaysOpen: true)
            : new Flood(Answers.List("1", null)));
        var log = new RecordingLogger<Informer<V1Pod>>();
        using var stop = new CancellationTokenSource();
        using var informer = new Informer<V1Pod>(
            client, new InformerOptions { StreamLists = false }, TimeProvider.System, log);

        var running = informer.RunAsync(stop.Token);
        await Eventually.TrueAsync(() => informer.Store.List().Count == 1);
        await stop.CancelAsync();
        await running.SoonAsync();

        server.Sent.ShouldBeLessThan(KubernetesClientOptions.DefaultMaxObjectBytes + Buffers);
        log.Entries.Single(entry => entry.Level == LogLevel.Warning).Exception!.Message
            .ShouldContain("an event of the watch is over 8388608 bytes");
    }

    private (KubernetesClient Client, FloodServer Server) Flooded(Func<string, Flood> answer)
    {
        var server = new FloodServer(answer);
        Owned(server);
        return (Connect(new KubernetesClientConfiguration { Host = server.Address }, new KubernetesClientOptions()), server);
    }
}
