using System.Collections.Concurrent;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Mooring.Kubernetes.Caching;
using Mooring.Kubernetes.Runtime;
using Mooring.Kubernetes.Tests.Fakes;

namespace Mooring.Kubernetes.Tests.Caching;

public sealed partial class InformerTests : IAsyncDisposable
{
    private readonly FakeCluster _cluster = new();
    private readonly ManualTimeProvider _time = new();
    private readonly RecordingLogger<Informer<V1ConfigMap>> _log = new();
    private readonly ConcurrentQueue<string> _changes = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Informer<V1ConfigMap> _informer;
    private Task _running = Task.CompletedTask;

    public InformerTests()
    {
        _informer = new Informer<V1ConfigMap>(_cluster, new InformerOptions { StreamLists = false }, _time, _log);
        _informer.Subscribe((key, old, now) => _changes.Enqueue((old, now) switch
        {
            (null, not null) => $"+{key.Name}",
            (not null, null) => $"-{key.Name}",
            _ => $"~{key.Name}",
        }));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.SoonAsync();
        _informer.Dispose();
        _stop.Dispose();
    }

    [Fact]
    public async Task Run_ExistingObjects_SyncsOnceTheyAreAllThere()
    {
        _cluster.Put(Map("a"));
        _cluster.Put(Map("b"));
        _informer.WaitForSyncAsync(CancellationToken.None).IsCompleted.ShouldBeFalse();

        await StartAsync();

        _informer.Store.List().Select(map => map.Metadata.Name).ShouldBe(["a", "b"], ignoreOrder: true);
        _changes.ShouldBe(["+a", "+b"], ignoreOrder: true);
    }

    [Fact]
    public async Task Run_ChangesOfAllTypes_ReachStoreAndHandlers()
    {
        await StartAsync();

        _cluster.Put(Map("a"));
        _cluster.Put(Map("a", "2"));
        _cluster.Remove<V1ConfigMap>(Key("a"));
        await Eventually.TrueAsync(() => _changes.Count == 3);

        _changes.ShouldBe(["+a", "~a", "-a"]);
        _informer.Store.Get(Key("a")).ShouldBeNull();
    }

    [Fact]
    public async Task Subscribe_Late_HearsWhatIsThereFirst()
    {
        _cluster.Put(Map("a"));
        await StartAsync();
        var late = new ConcurrentQueue<string>();

        using (_informer.Subscribe((key, old, now) => late.Enqueue($"{(old is null ? "+" : "~")}{key}")))
        {
            late.ShouldBe(["+ns/a"]);
            _cluster.Put(Map("a", "2"));
            await Eventually.TrueAsync(() => late.Count == 2);
        }

        _cluster.Put(Map("a", "3"));
        await Eventually.TrueAsync(() => _changes.Count == 3);

        late.ShouldBe(["+ns/a", "~ns/a"]);
    }

    [Fact]
    public async Task Subscribe_HandlerThatThrows_HarmsNobodyElse()
    {
        _informer.Subscribe((_, _, _) => throw new InvalidOperationException("a reader's fault"));
        var after = new ConcurrentQueue<ObjectKey>();
        _informer.Subscribe((key, _, _) => after.Enqueue(key));
        await StartAsync();

        _cluster.Put(Map("a"));
        _cluster.Put(Map("b"));
        await Eventually.TrueAsync(() => after.Count == 2);

        _log.Entries.Count(entry => entry.Level == LogLevel.Error).ShouldBe(2);
        _cluster.Calls.Count(call => call == "watch").ShouldBe(1);
    }

    [Fact]
    public async Task Handler_WhenCalled_SeesTheStoreAsTold()
    {
        var agreed = new ConcurrentQueue<bool>();
        _informer.Subscribe((key, _, now) => agreed.Enqueue(ReferenceEquals(_informer.Store.Get(key), now)));
        await StartAsync();

        _cluster.Put(Map("a"));
        _cluster.Remove<V1ConfigMap>(Key("a"));
        await Eventually.TrueAsync(() => agreed.Count == 2);

        agreed.ShouldAllBe(yes => yes);
    }

    [Fact]
    public async Task AddIndex_FollowsChanges()
    {
        _cluster.Put(Map("early"));
        await StartAsync();
        _informer.AddIndex("value", map => map.Data?.Values ?? []);

        _cluster.Put(Map("a", "x"));
        _cluster.Put(Map("b", "x"));
        _cluster.Put(Map("a", "y"));
        await Eventually.TrueAsync(() => _changes.Count == 4);

        Names("1").ShouldBe(["early"]);
        Names("x").ShouldBe(["b"]);
        Names("y").ShouldBe(["a"]);
        Names("nothing").ShouldBeEmpty();
        Should.Throw<ArgumentException>(() => _informer.Store.ByIndex("no such", "x"));
        Should.Throw<ArgumentException>(() => _informer.AddIndex("value", _ => []));

        IEnumerable<string?> Names(string value) =>
            _informer.Store.ByIndex("value", value).Select(map => map.Metadata.Name);
    }

    [Fact]
    public async Task AddIndex_FunctionThatThrows_LeavesTheObjectOutOfTheIndexOnly()
    {
        _informer.AddIndex("bad", map => map.Metadata.Name == "a" ? throw new InvalidOperationException() : ["v"]);
        _cluster.Put(Map("a"));
        _cluster.Put(Map("b"));

        await StartAsync();

        _informer.Store.List().Count.ShouldBe(2);
        _informer.Store.ByIndex("bad", "v").Single().Metadata.Name.ShouldBe("b");
        _log.Entries.ShouldContain(entry => entry.Level == LogLevel.Error && entry.Message.Contains("ns/a"));
    }

    [Fact]
    public async Task List_OfANamespace_HasOnlyItsOwn()
    {
        _cluster.Put(Map("a"));
        _cluster.Put(new V1ConfigMap { Metadata = new V1ObjectMeta { Name = "b", NamespaceProperty = "other" } });
        await StartAsync();

        _informer.Store.List("other").Single().Metadata.Name.ShouldBe("b");
        _informer.Store.List("none").ShouldBeEmpty();
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
