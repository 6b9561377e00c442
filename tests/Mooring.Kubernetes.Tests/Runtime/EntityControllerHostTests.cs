using System.Collections.Concurrent;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Kubernetes.Caching;
using Mooring.Kubernetes.Runtime;
using Mooring.Kubernetes.Tests.Fakes;

namespace Mooring.Kubernetes.Tests.Runtime;

public sealed class EntityControllerHostTests : IAsyncDisposable
{
    private readonly FakeCluster _cluster = new();
    private readonly ManualTimeProvider _time = new();
    private readonly Informer<V1ConfigMap> _informer;
    private readonly FakeController _controller = new();
    private readonly RecordingLogger<EntityControllerHost<V1ConfigMap>> _log = new();
    private readonly EntityControllerHost<V1ConfigMap> _host;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _running = [];

    public EntityControllerHostTests()
    {
        _informer = new Informer<V1ConfigMap>(
            _cluster, new InformerOptions(), _time, NullLogger<Informer<V1ConfigMap>>.Instance);
        _host = new EntityControllerHost<V1ConfigMap>(
            _informer, _controller, new EntityControllerOptions { Workers = 3 }, _time, _log);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running).SoonAsync();
        _informer.Dispose();
        _host.Dispose();
        _stop.Dispose();
    }

    [Fact]
    public async Task Run_BeforeTheSync_ReconcilesNothing()
    {
        // The informer has told the host of an object, and is kept from the end of its list.
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var gate = new ManualResetEventSlim();
        _cluster.Put(Map("a"));
        _running.Add(_host.RunAsync(_stop.Token));
        using var last = _informer.Subscribe((_, _, _) =>
        {
            told.TrySetResult();
            gate.Wait();
        });
        _running.Add(Task.Run(() => _informer.RunAsync(_stop.Token)));
        try
        {
            await told.Task.SoonAsync();
            await ReconcileElsewhereAsync();
            _controller.Seen.ShouldBeEmpty();
        }
        finally
        {
            gate.Set();
        }

        await Eventually.TrueAsync(() => _controller.Seen.Count == 1);
    }

    [Fact]
    public async Task Run_ObjectDeleted_TellsTheController()
    {
        Start();
        _cluster.Put(Map("a"));
        await Eventually.TrueAsync(() => _controller.Seen.Contains("a=1"));

        _cluster.Remove<V1ConfigMap>(new ObjectKey("ns", "a"));

        await Eventually.TrueAsync(() => _controller.Seen.Contains("-ns/a"));
    }

    [Fact]
    public async Task Run_ChangeDuringAReconcile_RunsOnceMoreWithTheNewest()
    {
        var gate = new TaskCompletionSource();
        _controller.Answer = async (_, _) =>
        {
            await gate.Task;
            return ReconciliationResult.Done;
        };
        Start();
        _cluster.Put(Map("a"));
        await Eventually.TrueAsync(() => _controller.Seen.Count == 1);
        _cluster.Put(Map("a", "2"));
        _cluster.Put(Map("a", "3"));
        await Eventually.TrueAsync(() => _informer.Store.Get(new ObjectKey("ns", "a"))!.Data!["v"] == "3");
        _controller.Seen.Count.ShouldBe(1);

        gate.SetResult();
        await Eventually.TrueAsync(() => _controller.Seen.Count == 2);

        _controller.Seen.ShouldBe(["a=1", "a=3"]);
    }

    [Fact]
    public async Task Run_RequeueAfter_ComesAgainThen()
    {
        _controller.Answer = (_, _) => Task.FromResult(_controller.Seen.Count == 1
            ? ReconciliationResult.RetryAfter(TimeSpan.FromMinutes(1))
            : ReconciliationResult.Done);
        Start();
        _cluster.Put(Map("a"));
        await Eventually.TrueAsync(() => _time.ArmedTimers > 1 && _controller.Seen.Count == 1);

        await _time.AdvanceInStepsAsync(TimeSpan.FromSeconds(50), TimeSpan.FromSeconds(10));
        _controller.Seen.Count.ShouldBe(1);
        await _time.AdvanceUntilAsync(() => _controller.Seen.Count == 2, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Run_Exception_IsLoggedOnceAndTriedAgainLater()
    {
        _controller.Answer = (_, _) => _controller.Seen.Count < 3
            ? throw new InvalidOperationException("not yet")
            : Task.FromResult(ReconciliationResult.Done);
        Start();
        _cluster.Put(Map("a"));

        await _time.AdvanceUntilAsync(() => _controller.Seen.Count == 3, TimeSpan.FromMilliseconds(20));

        _log.Entries.Count(entry => entry.Level == LogLevel.Warning).ShouldBe(2);
        _log.Entries.ShouldAllBe(entry => entry.Exception is InvalidOperationException);
    }

    [Fact]
    public async Task Run_TerminalException_IsNotTriedAgain()
    {
        _controller.Answer = (_, _) => throw new TerminalException("a port twice");
        Start();
        _cluster.Put(Map("a"));
        await Eventually.TrueAsync(() => !_log.Entries.IsEmpty);

        await _time.AdvanceInStepsAsync(TimeSpan.FromMinutes(20), TimeSpan.FromMinutes(1));
        _controller.Seen.Count.ShouldBe(1);
        _log.Entries.Single().Level.ShouldBe(LogLevel.Error);

        _cluster.Put(Map("a", "2"));
        await Eventually.TrueAsync(() => _controller.Seen.Count == 2);
    }

    [Fact]
    public async Task Run_OneObjectFails_OthersGoOn()
    {
        _controller.Answer = (map, _) => map?.Metadata.Name == "bad"
            ? throw new InvalidOperationException("bad")
            : Task.FromResult(ReconciliationResult.Done);
        Start();
        _cluster.Put(Map("bad"));

        for (var i = 0; i < 10; i++)
        {
            _cluster.Put(Map($"good{i}"));
        }

        await Eventually.TrueAsync(() => _controller.Seen.Count(seen => seen.StartsWith("good", StringComparison.Ordinal)) == 10);
    }

    [Fact]
    public async Task Run_Stopped_WaitsForTheReconcileUnderWay()
    {
        var gate = new TaskCompletionSource();
        _controller.Answer = async (_, token) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await gate.Task;
            return ReconciliationResult.Done;
        };
        Start();
        _cluster.Put(Map("a"));
        await Eventually.TrueAsync(() => _controller.Seen.Count == 1);

        await _stop.CancelAsync();
        await Eventually.SettleAsync();
        _running[1].IsCompleted.ShouldBeFalse();

        gate.SetResult();
        await _running[1].SoonAsync();
    }

    [Fact]
    public async Task Run_Resync_ReconcilesWhatDidNotChange()
    {
        using var host = new EntityControllerHost<V1ConfigMap>(
            _informer,
            _controller,
            new EntityControllerOptions { ResyncPeriod = TimeSpan.FromMinutes(10) },
            _time,
            _log);
        _cluster.Put(Map("a"));
        _running.Add(_informer.RunAsync(_stop.Token));
        _running.Add(host.RunAsync(_stop.Token));
        await Eventually.TrueAsync(() => _controller.Seen.Count == 1);

        await _time.AdvanceUntilAsync(() => _controller.Seen.Count == 3, TimeSpan.FromMinutes(1));
    }

    /// <summary>A host of other objects does all that this one could have done meanwhile.</summary>
    private async Task ReconcileElsewhereAsync()
    {
        const int Objects = 100;
        var cluster = new FakeCluster();
        var controller = new FakeController();
        using var informer = new Informer<V1ConfigMap>(
            cluster, new InformerOptions(), _time, NullLogger<Informer<V1ConfigMap>>.Instance);
        using var host = new EntityControllerHost<V1ConfigMap>(informer, controller, new EntityControllerOptions(), _time, _log);
        using var stop = new CancellationTokenSource();
        Task[] running = [informer.RunAsync(stop.Token), host.RunAsync(stop.Token)];
        for (var i = 0; i < Objects; i++)
        {
            cluster.Put(Map($"other{i}"));
        }

        await Eventually.TrueAsync(() => controller.Seen.Count == Objects);
        await stop.CancelAsync();
        await Task.WhenAll(running).SoonAsync();
    }

    private static V1ConfigMap Map(string name, string value = "1") => new()
    {
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "ns" },
        Data = new Dictionary<string, string> { ["v"] = value },
    };

    private void Start()
    {
        _running.Add(_informer.RunAsync(_stop.Token));
        _running.Add(_host.RunAsync(_stop.Token));
    }

    private sealed class FakeController : IEntityController<V1ConfigMap>
    {
        public ConcurrentQueue<string> Seen { get; } = new();

        public Func<V1ConfigMap?, CancellationToken, Task<ReconciliationResult>> Answer { get; set; } =
            (_, _) => Task.FromResult(ReconciliationResult.Done);

        public Task<ReconciliationResult> ReconcileAsync(V1ConfigMap entity, CancellationToken cancellationToken)
        {
            Seen.Enqueue($"{entity.Metadata.Name}={entity.Data!["v"]}");
            return Answer(entity, cancellationToken);
        }

        public Task<ReconciliationResult> DeletedAsync(ObjectKey key, CancellationToken cancellationToken)
        {
            Seen.Enqueue($"-{key}");
            return Answer(null, cancellationToken);
        }
    }
}
