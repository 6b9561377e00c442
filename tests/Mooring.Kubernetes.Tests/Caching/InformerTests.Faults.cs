using System.Collections.Concurrent;
using System.Net;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Mooring.Kubernetes.Caching;
using Mooring.Kubernetes.Runtime;
using Mooring.Kubernetes.Tests.Fakes;

namespace Mooring.Kubernetes.Tests.Caching;

// Watches that end, fail or fall silent, and servers that refuse or forget.
public sealed partial class InformerTests
{
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
