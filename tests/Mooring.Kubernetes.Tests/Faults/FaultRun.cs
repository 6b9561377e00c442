using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Kubernetes.Caching;
using Mooring.Kubernetes.Client;
using Mooring.Kubernetes.Runtime;
using Mooring.Kubernetes.Tests.Fakes;

namespace Mooring.Kubernetes.Tests.Faults;

/// <summary>
/// An informer, a controller and three candidates behind a proxy that fails as scheduled, while objects change on the
/// server; then the proxy calms down, and everything must come right by itself.
/// </summary>
internal sealed class FaultRun : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly FaultSchedule _schedule;
    private readonly FaultServers.Served _server;
    private readonly FaultProxy _proxy;
    private readonly KubernetesClientConfiguration _throughProxy;
    private readonly KubernetesClient _client;
    private readonly Informer<V1ConfigMap> _informer;
    private readonly Doubler _doubler;
    private readonly EntityControllerHost<V1ConfigMap> _host;
    private readonly ToldState _told = new();
    private readonly LeadershipLog _leaders = new();
    private readonly List<Candidate> _candidates = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly string _namespace;

    public FaultRun(FaultSchedule schedule, FaultServers servers, string @namespace)
    {
        _schedule = schedule;
        _namespace = @namespace;
        _server = servers.For(schedule);
        _proxy = new FaultProxy(schedule, _server.Address);
        _throughProxy = new KubernetesClientConfiguration
        {
            Host = new UriBuilder(_server.Configuration.Host) { Port = _proxy.Address.Port }.Uri,
            SslCaCerts = _server.Configuration.SslCaCerts,
            TokenProvider = _server.Configuration.TokenProvider,
        };
        _client = new KubernetesClient(_throughProxy, Hasty);
        _informer = new Informer<V1ConfigMap>(
            _client,
            new InformerOptions
            {
                Namespace = @namespace,
                LabelSelector = $"{Doubler.Role}=source",
                StreamLists = schedule.StreamLists,
                PageSize = schedule.PageSize,
                WatchTimeout = TimeSpan.FromSeconds(2),
                IdleTimeout = TimeSpan.FromMilliseconds(800),
                InitialEventsTimeout = TimeSpan.FromMilliseconds(500),
                RetryDelay = TimeSpan.FromMilliseconds(5),
                MaxRetryDelay = TimeSpan.FromMilliseconds(100),
            },
            TimeProvider.System,
            NullLogger<Informer<V1ConfigMap>>.Instance);
        _informer.Subscribe(_told.Handle);
        _doubler = new Doubler(_client);
        _host = new EntityControllerHost<V1ConfigMap>(
            _informer,
            _doubler,
            new EntityControllerOptions
            {
                Workers = 2,
                Queue = new WorkQueueOptions
                {
                    BaseDelay = TimeSpan.FromMilliseconds(5),
                    MaxDelay = TimeSpan.FromMilliseconds(100),
                },
            },
            TimeProvider.System,
            NullLogger<EntityControllerHost<V1ConfigMap>>.Instance);
    }

    public IReadOnlyDictionary<string, int> Faults => _proxy.Faults;

    private static KubernetesClientOptions Hasty => new()
    {
        RequestTimeout = TimeSpan.FromMilliseconds(700),
        MaxRetries = 2,
        RetryDelay = TimeSpan.FromMilliseconds(5),
        MaxRetryDelay = TimeSpan.FromMilliseconds(500),
    };

    /// <exception cref="ShouldAssertException">Something did not come right.</exception>
    public async Task ExecuteAsync()
    {
        await _server.NamespaceAsync(_namespace);
        var random = _schedule.Part("writes");
        await DisturbAsync(random, _schedule.Writes / 4);
        var running = Task.WhenAll(_informer.RunAsync(_stop.Token), _host.RunAsync(_stop.Token));
        AddCandidates();
        await DisturbAsync(random, _schedule.Writes);
        _proxy.Calm = true;

        await ComesTrueAsync(ConvergedAsync, "the store is the server's list and each source has its derived map");
        await ComesTrueAsync(() => Task.FromResult(_candidates.Exists(c => c.Elector.IsLeader)), "somebody leads");
        _told.Contradiction.ShouldBeNull();
        _told.Count.ShouldBe(_informer.Store.List().Count);
        _doubler.Doubled.ShouldBeNull("a key was reconciled twice at once");
        await _stop.CancelAsync();
        await running.WaitAsync(Patience);
        foreach (var candidate in _candidates)
        {
            await candidate.StopAsync().WaitAsync(Patience);
        }

        _leaders.Overlap.ShouldBeNull();
        _leaders.Terms.ShouldBeGreaterThan(0);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var candidate in _candidates)
        {
            await candidate.DisposeAsync();
        }

        _host.Dispose();
        _informer.Dispose();
        _client.Dispose();
        await _proxy.DisposeAsync();
        _stop.Dispose();
    }

    private void AddCandidates()
    {
        var random = _schedule.Part("clocks");
        foreach (var name in new[] { "a", "b", "c" })
        {
            // Rates as far apart as lease duration and renew deadline allow; wall clocks years apart.
            var clock = new SkewedTimeProvider(
                0.88 + (0.24 * random.NextDouble()), TimeSpan.FromDays(random.Next(-2000, 2000)));
            _candidates.Add(new Candidate(name, _namespace, _throughProxy, Hasty, clock, _leaders));
        }
    }

    /// <summary>Changes objects at random, without the proxy, and at times freezes a candidate or forgets history.</summary>
    private async Task DisturbAsync(Random random, int writes)
    {
        for (var i = 0; i < writes; i++)
        {
            await WriteAsync(random);
            if (_schedule.Compacts && random.Next(15) == 0)
            {
                _server.Compact();
            }

            if (_candidates.Count > 0 && random.Next(15) == 0)
            {
                _candidates[random.Next(_candidates.Count)].Clock.Freeze(
                    TimeSpan.FromMilliseconds(random.Next(100, 1500)));
            }

            if (_candidates.Count > 0)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(50)), TimeProvider.System);
            }
        }
    }

    private async Task WriteAsync(Random random)
    {
        var name = $"m{random.Next(10)}";
        if (random.Next(4) == 0)
        {
            await _server.Client.DeleteAsync<V1ConfigMap>(name, _namespace);
            return;
        }

        await _server.Client.ApplyAsync(
            new V1ConfigMap
            {
                Metadata = new V1ObjectMeta
                {
                    Name = name,
                    NamespaceProperty = _namespace,
                    // A source now and then stops being one, which the watch tells as a deletion.
                    Labels = new Dictionary<string, string> { [Doubler.Role] = random.Next(12) == 0 ? "none" : "source" },
                },
                Data = new Dictionary<string, string> { ["n"] = $"{random.Next(1000)}" },
            },
            "writer",
            force: true);
    }

    private async Task<string?> ConvergedAsync()
    {
        var all = (await _server.Client.ListAsync<V1ConfigMap>(_namespace)).Items
            .Where(map => map.Metadata.Labels?.ContainsKey(Doubler.Role) == true)
            .ToLookup(map => map.Metadata.Labels![Doubler.Role]);
        var server = all["source"].ToDictionary(map => map.GetKey(), map => map.Metadata.ResourceVersion);
        var store = _informer.Store.List().ToDictionary(map => map.GetKey(), map => map.Metadata.ResourceVersion);
        if (!SameAs(server, store))
        {
            return $"the server has {Text(server)}, the store {Text(store)}";
        }

        var wanted = all["source"].ToDictionary(
            map => new ObjectKey(_namespace, Doubler.DerivedName(map.Metadata.Name!)), map => (string?)Doubler.Derive(map));
        var derived = all["derived"].ToDictionary(map => map.GetKey(), map => (string?)map.Data!["n"]);
        return SameAs(wanted, derived) ? null : $"derived should be {Text(wanted)}, and is {Text(derived)}";
    }

    private static bool SameAs(Dictionary<ObjectKey, string?> one, Dictionary<ObjectKey, string?> other) =>
        one.Count == other.Count && one.All(entry => other.TryGetValue(entry.Key, out var value) && value == entry.Value);

    private static string Text(Dictionary<ObjectKey, string?> objects) =>
        $"[{string.Join(", ", objects.OrderBy(o => o.Key.Name, StringComparer.Ordinal).Select(o => $"{o.Key.Name}:{o.Value}"))}]";

    private static Task ComesTrueAsync(Func<Task<bool>> condition, string what) =>
        ComesTrueAsync(async () => await condition() ? null : "not yet", what);

    /// <param name="check">Null once it is true, else what is not.</param>
    private static async Task ComesTrueAsync(Func<Task<string?>> check, string what)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (await check() is { } why)
        {
            TimeProvider.System.GetElapsedTime(started).ShouldBeLessThan(Patience, $"it never came true that {what}: {why}");
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
    }
}
