using System.Collections.Concurrent;
using System.Net;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Mooring.Kubernetes.Caching;
using Mooring.Kubernetes.Runtime;
using Mooring.Kubernetes.Tests.Fakes;

namespace Mooring.Kubernetes.Tests.Caching;

/// <summary>Lists that come as the first events of a watch.</summary>
public sealed class StreamedListTests : IAsyncDisposable
{
    private readonly FakeCluster _cluster = new() { Streaming = ListStreaming.Served };
    private readonly ManualTimeProvider _time = new();
    private readonly RecordingLogger<Informer<V1ConfigMap>> _log = new();
    private readonly ConcurrentQueue<string> _changes = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Informer<V1ConfigMap> _informer;
    private Task _running = Task.CompletedTask;

    public StreamedListTests()
    {
        _informer = new Informer<V1ConfigMap>(_cluster, new InformerOptions(), _time, _log);
        _informer.Subscribe((key, old, now) => _changes.Enqueue((old, now) switch
        {
            (null, not null) => $"+{key.Name}",
            (not null, null) => $"-{key.Name}",
            _ => $"~{key.Name}",
        }));
    }

    private int Lists => _cluster.Calls.Count(call => call == "list");

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.SoonAsync();
        _informer.Dispose();
        _stop.Dispose();
    }

    [Fact]
    public async Task Run_StreamedList_SyncsAndFollowsOnOneWatch()
    {
        _cluster.Put(Map("a"));
        await StartAsync();
        _cluster.Put(Map("b"));
        await Eventually.TrueAsync(() => _changes.Count == 2);

        _changes.ShouldBe(["+a", "+b"]);
        _cluster.Calls.ShouldBe(["watch"]);
    }

    [Fact]
    public async Task Run_NothingThere_SyncsToo()
    {
        await StartAsync();

        _informer.Store.List().ShouldBeEmpty();
        Lists.ShouldBe(0);
    }

    [Fact]
    public async Task Run_VersionGone_StreamsAnewAndFindsMissedDeletions()
    {
        _cluster.Put(Map("kept"));
        _cluster.Put(Map("changed"));
        _cluster.Put(Map("deleted"));
        await StartAsync();
        _changes.Clear();

        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _cluster.Before = (_, _) => gate.Task;
        _cluster.EndWatches(new HttpRequestException("cut"));
        _cluster.Remove<V1ConfigMap>(Key("deleted"));
        _cluster.Put(Map("changed", "2"));
        _cluster.Put(Map("new"));
        _cluster.Compact();
        gate.SetResult();
        await _time.AdvanceUntilAsync(() => _changes.Count == 3, TimeSpan.FromMilliseconds(50));

        _changes.ShouldBe(["~changed", "+new", "-deleted"], ignoreOrder: true);
        Lists.ShouldBe(0);
    }

    [Fact]
    public async Task Run_CutBeforeTheEnd_DeletesNothingAndBeginsAnew()
    {
        _cluster.Put(Map("a"));
        _cluster.Streaming = ListStreaming.Ignored;
        _running = _informer.RunAsync(_stop.Token);
        await Eventually.TrueAsync(() => _changes.Count == 1);

        _cluster.Streaming = ListStreaming.Served;
        _cluster.EndWatches(new HttpRequestException("cut"));
        _informer.WaitForSyncAsync(CancellationToken.None).IsCompleted.ShouldBeFalse();
        await _time.AdvanceUntilAsync(
            () => _informer.WaitForSyncAsync(CancellationToken.None).IsCompleted, TimeSpan.FromMilliseconds(50));

        _changes.ShouldBe(["+a"]);
        Lists.ShouldBe(0);
    }

    [Fact]
    public async Task Run_Refused_ListsInPagesFromThenOn()
    {
        _cluster.Streaming = ListStreaming.Refused;
        _cluster.Put(Map("a"));
        await StartAsync();

        _cluster.Compact();
        _cluster.EndWatches(FakeCluster.Refusal(HttpStatusCode.Gone, "Expired"));
        await _time.AdvanceUntilAsync(() => Lists == 2, TimeSpan.FromMilliseconds(50));

        _changes.ShouldBe(["+a"]);
        string.Join(" ", _cluster.Calls).ShouldStartWith("watch list watch list");
        _log.Entries.ShouldNotContain(entry => entry.Level >= LogLevel.Warning);
    }

    [Fact]
    public async Task Run_IgnoredAndThenSilent_ListsInPages()
    {
        _cluster.Streaming = ListStreaming.Ignored;
        _cluster.Put(Map("a"));
        _running = _informer.RunAsync(_stop.Token);
        await Eventually.TrueAsync(() => _changes.Count == 1);

        await _time.AdvanceUntilAsync(
            () => _informer.WaitForSyncAsync(CancellationToken.None).IsCompleted, TimeSpan.FromSeconds(1));

        Lists.ShouldBe(1);
        _changes.ShouldBe(["+a"]);
    }

    [Fact]
    public async Task Run_IgnoredAndABookmarkComes_ListsInPagesAtOnce()
    {
        _cluster.Streaming = ListStreaming.Ignored;
        _cluster.Put(Map("a"));
        _running = _informer.RunAsync(_stop.Token);
        await Eventually.TrueAsync(() => _changes.Count == 1);

        _cluster.Bookmark();
        await _informer.WaitForSyncAsync(CancellationToken.None).SoonAsync();

        Lists.ShouldBe(1);
    }

    private static ObjectKey Key(string name) => new("ns", name);

    private static V1ConfigMap Map(string name, string value = "1") => new()
    {
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "ns" },
        Data = new Dictionary<string, string> { ["v"] = value },
    };

    private async Task StartAsync()
    {
        _running = _informer.RunAsync(_stop.Token);
        await _informer.WaitForSyncAsync(CancellationToken.None).SoonAsync();
        await Eventually.TrueAsync(() => _cluster.OpenWatches == 1);
    }
}
