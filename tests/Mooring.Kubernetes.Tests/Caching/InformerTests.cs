using System.Collections.Concurrent;
using System.Net;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Mooring.Kubernetes.Caching;
using Mooring.Kubernetes.Runtime;
using Mooring.Kubernetes.Tests.Fakes;

namespace Mooring.Kubernetes.Tests.Caching;

public sealed class InformerTests : IAsyncDisposable
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
    public async Task Run_WatchEnds_GoesOnWhereItStoppedWithoutAList()
    {
        _cluster.Put(Map("a"));
        await StartAsync();
        _cluster.Put(Map("b"));
        await Eventually.TrueAsync(() => _changes.Count == 2);

        _cluster.EndWatches();
        _cluster.Put(Map("c"));
        await Eventually.TrueAsync(() => _changes.Count == 3);

        _changes.ShouldBe(["+a", "+b", "+c"]);
        _cluster.Calls.Count(call => call == "list").ShouldBe(1);
    }

    [Fact]
    public async Task Run_WatchFails_GoesOnAfterAPause()
    {
        await StartAsync();

        _cluster.EndWatches(new HttpRequestException("cut"));
        _cluster.Put(Map("a"));
        await _time.AdvanceUntilAsync(() => _changes.Count == 1, TimeSpan.FromMilliseconds(50));

        _cluster.Calls.Count(call => call == "list").ShouldBe(1);
    }

    [Fact]
    public async Task Run_VersionGone_ListsAnewAndFindsMissedDeletions()
    {
        _cluster.Put(Map("kept"));
        _cluster.Put(Map("changed"));
        _cluster.Put(Map("deleted"));
        await StartAsync();
        _changes.Clear();

        using (Paused())
        {
            _cluster.EndWatches(new HttpRequestException("cut"));
            _cluster.Remove<V1ConfigMap>(Key("deleted"));
            _cluster.Put(Map("changed", "2"));
            _cluster.Put(Map("new"));
            _cluster.Compact();
        }

        await _time.AdvanceUntilAsync(() => _changes.Count == 3, TimeSpan.FromMilliseconds(50));
        await Eventually.SettleAsync();

        _changes.ShouldBe(["~changed", "+new", "-deleted"], ignoreOrder: true);
        _cluster.Calls.Count(call => call == "list").ShouldBe(2);
    }

    [Fact]
    public async Task Run_ServerRestoredFromABackup_ListsAnew()
    {
        _cluster.Put(Map("a"));
        await StartAsync();
        var ahead = FakeCluster.Refusal(HttpStatusCode.GatewayTimeout, "Timeout");
        ahead.Status.Details!.Causes = [new V1StatusCause { Reason = "ResourceVersionTooLarge" }];

        _cluster.EndWatches(ahead);
        await _time.AdvanceUntilAsync(
            () => _cluster.Calls.Count(call => call == "list") == 2, TimeSpan.FromMilliseconds(50));

        _changes.ShouldBe(["+a"]);
    }

    [Fact]
    public async Task Run_ReplacedWhileNobodyWatched_IsADeletionAndAnAddition()
    {
        _cluster.Put(Map("a", "first"));
        await StartAsync();
        _changes.Clear();

        using (Paused())
        {
            _cluster.EndWatches(new HttpRequestException("cut"));
            _cluster.Remove<V1ConfigMap>(Key("a"));
            _cluster.Put(Map("a", "second"));
            _cluster.Compact();
        }

        await _time.AdvanceUntilAsync(() => _changes.Count == 2, TimeSpan.FromMilliseconds(50));

        _changes.ShouldBe(["-a", "+a"]);
    }

    [Fact]
    public async Task Run_Deletions_CarryTheLastStateThatIsKnown()
    {
        var told = new ConcurrentQueue<V1ConfigMap>();
        using var subscription = _informer.Subscribe((_, old, now) =>
        {
            if (now is null)
            {
                told.Enqueue(old!);
            }
        });
        _cluster.Put(Map("seen"));
        _cluster.Put(Map("unseen"));
        await StartAsync();
        var held = _informer.Store.Get(Key("unseen"))!;

        _cluster.Remove<V1ConfigMap>(Key("seen"));
        await Eventually.TrueAsync(() => told.Count == 1);
        using (Paused())
        {
            _cluster.EndWatches(new HttpRequestException("cut"));
            _cluster.Remove<V1ConfigMap>(Key("unseen"));
            _cluster.Compact();
        }

        await _time.AdvanceUntilAsync(() => told.Count == 2, TimeSpan.FromMilliseconds(50));

        told.Select(map => map.Data!["v"]).ShouldBe(["1", "1"]);
        told.Last().ShouldBeSameAs(held);
        told.First().Metadata.Uid.ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public async Task Run_Bookmark_MovesTheVersionPastACompaction()
    {
        await StartAsync();
        var others = new V1Secret { Metadata = new V1ObjectMeta { Name = "s", NamespaceProperty = "ns" } };
        _cluster.Put(others);
        _cluster.Bookmark();
        _cluster.Put(Map("a"));
        await Eventually.TrueAsync(() => _changes.Count == 1);
        _cluster.Bookmark();
        _cluster.Compact();
        _cluster.Put(Map("b"));
        await Eventually.TrueAsync(() => _changes.Count == 2);

        _cluster.EndWatches();
        await Eventually.TrueAsync(() => _cluster.Calls.Count(call => call == "watch") == 2);
        await Eventually.TrueAsync(() => _cluster.OpenWatches == 1);

        _cluster.Calls.Count(call => call == "list").ShouldBe(1);
    }

    [Fact]
    public async Task Run_SilentWatch_IsOpenedAgain()
    {
        await StartAsync();
        _cluster.SilentWatches = true;
        _cluster.Put(Map("a"));

        await _time.AdvanceUntilAsync(
            () => _cluster.Calls.Count(call => call == "watch") == 2, TimeSpan.FromSeconds(10));
        _cluster.SilentWatches = false;
        await _time.AdvanceUntilAsync(() => _changes.Count == 1, TimeSpan.FromSeconds(10));

        _informer.Store.Get(Key("a")).ShouldNotBeNull();
        _cluster.Calls.Count(call => call == "list").ShouldBe(1);
    }

    [Fact]
    public async Task Run_ServerDownAtStart_SyncsWhenItComes()
    {
        var down = true;
        _cluster.Put(Map("a"));
        _cluster.Before = (_, _) => down ? throw new HttpRequestException("refused") : Task.CompletedTask;
        _running = _informer.RunAsync(_stop.Token);
        await _time.AdvanceInStepsAsync(TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(2));
        var tries = _cluster.Calls.Count;

        down = false;
        await _time.AdvanceUntilAsync(
            () => _changes.Count == 1, TimeSpan.FromSeconds(2));

        tries.ShouldBeInRange(5, 40, "delays grow to 15 to 30 s");
        _log.Entries.Count(entry => entry.Level == LogLevel.Warning).ShouldBe(1);
    }

    [Fact]
    public async Task Run_ListRefused_IsLoggedOnceWithTheServersWords()
    {
        _cluster.Before = (_, _) => throw FakeCluster.Refusal(HttpStatusCode.BadRequest, "unable to parse the selector");
        _running = _informer.RunAsync(_stop.Token);

        await _time.AdvanceInStepsAsync(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(5));

        _log.Entries.Single(entry => entry.Level == LogLevel.Warning).Exception!.Message
            .ShouldBe("unable to parse the selector");
    }

    [Fact]
    public async Task Run_WatchesThatEndAtOnce_AreNotAskedWithoutPause()
    {
        _cluster.Before = (verb, _) => verb == "watch"
            ? throw FakeCluster.Refusal(HttpStatusCode.Gone, "Expired")
            : Task.CompletedTask;
        _running = _informer.RunAsync(_stop.Token);

        await _time.AdvanceInStepsAsync(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(1));

        _cluster.Calls.Count(call => call == "list").ShouldBeLessThan(20);
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

    /// <summary>Random changes and faults: in the end the store is the server's list, and the handlers' tale adds up to it.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Run_RandomFaults_EndsEqualToTheServer(int seed)
    {
        var random = new Random(seed);
        var told = new ConcurrentDictionary<ObjectKey, string?>();
        var contradictions = 0;
        _informer.Subscribe((key, old, now) =>
        {
            var known = told.TryGetValue(key, out var version);
            // The last state of a deleted object is the server's, newer than what was told.
            var fits = known == old is not null && (now is null || version == old?.Metadata.ResourceVersion);
            contradictions += fits ? 0 : 1;
            if (now is null)
            {
                told.TryRemove(key, out _);
            }
            else
            {
                told[key] = now.Metadata.ResourceVersion;
            }
        });
        _cluster.Before = (verb, _) =>
        {
            lock (random)
            {
                return verb is "list" or "watch" && random.Next(5) == 0
                    ? throw new HttpRequestException("random")
                    : Task.CompletedTask;
            }
        };
        _running = _informer.RunAsync(_stop.Token);
        for (var i = 0; i < 300; i++)
        {
            int dice;
            string name;
            lock (random)
            {
                (dice, name) = (random.Next(20), $"m{random.Next(15)}");
            }

            Disturb(dice, name, i);
            if (i % 10 == 0)
            {
                await _time.AdvanceInStepsAsync(TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(500));
            }
        }

        _cluster.Before = (_, _) => Task.CompletedTask;
        await _time.AdvanceUntilAsync(IsEqual, TimeSpan.FromSeconds(5));

        contradictions.ShouldBe(0, $"seed {seed}");
        told.Count.ShouldBe(_informer.Store.List().Count, $"seed {seed}");

        bool IsEqual()
        {
            var server = _cluster.All<V1ConfigMap>().ToDictionary(m => m.GetKey(), m => m.Metadata.ResourceVersion);
            var store = _informer.Store.List().ToDictionary(m => m.GetKey(), m => m.Metadata.ResourceVersion);
            return server.Count == store.Count && server.All(o => store.TryGetValue(o.Key, out var v) && v == o.Value);
        }
    }

    private void Disturb(int dice, string name, int round)
    {
        switch (dice)
        {
            case < 12:
                _cluster.Put(Map(name, $"{round}"));
                break;
            case < 16 when _cluster.All<V1ConfigMap>().Any(map => map.Metadata.Name == name):
                _cluster.Remove<V1ConfigMap>(Key(name));
                break;
            case 16:
                _cluster.EndWatches();
                break;
            case 17:
                _cluster.EndWatches(new HttpRequestException("cut"));
                break;
            case 18:
                _cluster.EndWatches(FakeCluster.Refusal(HttpStatusCode.Gone, "Expired"));
                break;
            case 19:
                _cluster.Compact();
                break;
            default:
                _cluster.Bookmark();
                break;
        }
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

    /// <summary>Holds new calls back until disposed.</summary>
    private Pause Paused()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _cluster.Before = (_, _) => gate.Task;
        return new Pause(gate);
    }

    private sealed class Pause(TaskCompletionSource gate) : IDisposable
    {
        public void Dispose() => gate.TrySetResult();
    }
}
