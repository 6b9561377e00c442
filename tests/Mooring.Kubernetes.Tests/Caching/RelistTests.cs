using System.Collections.Concurrent;
using System.Text;
using k8s;
using k8s.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Kubernetes.Caching;
using Mooring.Kubernetes.Client;
using Mooring.Kubernetes.Tests.Fakes;

namespace Mooring.Kubernetes.Tests.Caching;

/// <summary>A list anew of many large objects beside a kind that goes on changing.</summary>
public sealed class RelistTests(ITestOutputHelper output) : IAsyncDisposable
{
    private const int Slices = 5000;
    private const int EndpointsEach = 100;

    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _watches;
    private int _lists;
    private long _version = 1;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _stop.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Run_RelistOf5000Slices_DoesNotStallOtherKinds(bool streamed)
    {
        await using var server = await FakeHttpServer.StartAsync(c => AnswerAsync(c));
        using var client = new KubernetesClient(new KubernetesClientConfiguration { Host = server.Address });
        using var slices = Informer<V1EndpointSlice>(client, streamed);
        using var maps = Informer<V1ConfigMap>(client, streamed: true);
        var changes = new ConcurrentQueue<long>();
        using var subscription = maps.Subscribe((_, _, _) => changes.Enqueue(TimeProvider.System.GetTimestamp()));
        var applied = 0;
        using var counting = slices.Subscribe((_, _, _) => Interlocked.Increment(ref applied));
        var running = Task.WhenAll(slices.RunAsync(_stop.Token), maps.RunAsync(_stop.Token));
        await slices.WaitForSyncAsync(CancellationToken.None).WaitAsync(Eventually.Patience * 4);
        await Eventually.TrueAsync(() => changes.Count > 20);
        Volatile.Read(ref applied).ShouldBe(Slices);

        // Every slice is new in the second list, so that each is stored and told.
        Interlocked.Increment(ref _version);
        var started = TimeProvider.System.GetTimestamp();
        changes.Clear();
        _gone.SetResult();
        var patience = TimeProvider.System.GetTimestamp();
        while (Volatile.Read(ref applied) < 2 * Slices)
        {
            TimeProvider.System.GetElapsedTime(patience).ShouldBeLessThan(Eventually.Patience * 4);
            await Eventually.SettleAsync();
        }

        var took = TimeProvider.System.GetElapsedTime(started);
        await _stop.CancelAsync();
        await running.SoonAsync();
        var times = changes.TakeWhile(at => TimeProvider.System.GetElapsedTime(started, at) < took).Prepend(started).ToList();
        var longest = times.Zip(times.Skip(1), TimeProvider.System.GetElapsedTime).Append(TimeSpan.Zero).Max();
        output.WriteLine(
            $"{Slices} slices of {EndpointsEach} endpoints listed anew {(streamed ? "as a stream" : "in pages")} in "
            + $"{took.TotalMilliseconds:0} ms; meanwhile {times.Count - 1} changes of another kind, at most "
            + $"{longest.TotalMilliseconds:0} ms apart");

        // Had they waited for the relist, there would be one gap as long as that.
        times.Count.ShouldBeGreaterThan(5);
        longest.ShouldBeLessThan(took / 2);
    }

    private static Informer<T> Informer<T>(KubernetesClient client, bool streamed)
        where T : class, IKubernetesObject<V1ObjectMeta> => new(
        client,
        new InformerOptions { StreamLists = streamed, Fields = ObjectFields.Modelled, RetryDelay = TimeSpan.FromMilliseconds(1) },
        TimeProvider.System,
        NullLogger<Informer<T>>.Instance);

    private Task AnswerAsync(HttpContext context)
    {
        var query = context.Request.Query;
        if (context.Request.Path.Value!.EndsWith("configmaps", StringComparison.Ordinal))
        {
            return TickAsync(context);
        }

        if (query["watch"] == "true")
        {
            return query["sendInitialEvents"] == "true" ? StreamAsync(context) : FollowAsync(context);
        }

        Interlocked.Increment(ref _lists);
        var from = int.TryParse(query["continue"], out var next) ? next : 0;
        var until = Math.Min(Slices, from + 500);
        return PageAsync(context, from, until);
    }

    private async Task StreamAsync(HttpContext context)
    {
        for (var i = 0; i < Slices; i++)
        {
            await context.SendAsync(Answers.Event("ADDED", Slice(i)) + "\n");
        }

        await context.SendAsync(End);
        await FollowAsync(context);
    }

    /// <summary>The first watch ends with 410 once the test says so.</summary>
    private async Task FollowAsync(HttpContext context)
    {
        if (Interlocked.Increment(ref _watches) == 1)
        {
            await context.SendAsync(Answers.Event("BOOKMARK", """{"metadata":{"resourceVersion":"1"}}""") + "\n");
            await _gone.Task.WaitAsync(context.RequestAborted);
            await context.SendAsync("""{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}""" + "\n");
        }
        else
        {
            await context.WatchAsync();
        }
    }

    private async Task PageAsync(HttpContext context, int from, int until)
    {
        var next = until < Slices ? $"{until}" : "";
        await context.SendAsync(
            $$$"""{"metadata":{"resourceVersion":"{{{Interlocked.Read(ref _version)}}}","continue":"{{{next}}}" },"items":[""");
        for (var i = from; i < until; i++)
        {
            await context.SendAsync((i > from ? "," : "") + Slice(i));
        }

        await context.SendAsync("]}");
    }

    /// <summary>Something changes every few milliseconds.</summary>
    private static async Task TickAsync(HttpContext context)
    {
        await context.SendAsync(End);
        for (var i = 2; !context.RequestAborted.IsCancellationRequested; i++)
        {
            await context.SendAsync(Answers.Event("MODIFIED", Answers.Pod("tick", $"{i}")) + "\n");
            await Task.Delay(TimeSpan.FromMilliseconds(3), TimeProvider.System);
        }
    }

    private static string End => Answers.Event(
        "BOOKMARK",
        """{"metadata":{"resourceVersion":"1","annotations":{"k8s.io/initial-events-end":"true"}}}""") + "\n";

    private string Slice(int number)
    {
        var slice = new StringBuilder(32 << 10);
        slice.Append($$$"""
            {"metadata":{"name":"s{{{number}}}","namespace":"a","uid":"u{{{number}}}","resourceVersion":"{{{Interlocked.Read(ref _version)}}}-{{{number}}}"},
            """.ReplaceLineEndings(""));
        slice.Append("\"addressType\":\"IPv4\",\"endpoints\":[");
        for (var i = 0; i < EndpointsEach; i++)
        {
            slice.Append(i > 0 ? "," : "").Append($$$"""
                {"addresses":["10.0.{{{i}}}.{{{number % 256}}}"],"conditions":{"ready":true,"serving":true,"terminating":false},"nodeName":"n{{{i}}}",
                "targetRef":{"kind":"Pod","namespace":"a","name":"web-{{{number}}}-{{{i}}}","uid":"u-{{{number}}}-{{{i}}}"} }
                """.ReplaceLineEndings(""));
        }

        return slice.Append("]}").ToString();
    }
}
