using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mooring.Agent.Snapshots;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;
using Mooring.Protocol.Snapshots;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Agent.DataPlane;

/// <summary>
/// The one owner of the data plane. Plans anew when the snapshot or a verdict changes, applies, looks for drift now and
/// then, and tries again what failed. What comes in while it works is done in one go afterwards.
/// </summary>
/// <param name="dataPlane">The engine; nothing else calls it.</param>
/// <param name="nodeName">The node the plan is for.</param>
/// <param name="isHealthy">Verdict of this node's checks by backend set and endpoint, null for none.</param>
internal sealed partial class DataPlaneLoop(
    IDataPlane dataPlane,
    string nodeName,
    Func<string, IPEndPoint, bool?> isHealthy,
    TimeProvider timeProvider,
    ILogger<DataPlaneLoop> logger) : BackgroundService, IProblemSource
{
    public static readonly TimeSpan VerifyInterval = TimeSpan.FromSeconds(5);

    /// <summary>Changes of other programs are looked at together, so that a busy one does not keep the agent busy.</summary>
    private static readonly TimeSpan WatchPause = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(30);


    private readonly SnapshotPlanner _planner = new(nodeName);
    private readonly Lock _gate = new();
    private readonly Channel<byte> _wake = Channel.CreateBounded<byte>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly Dictionary<IPAddress, bool> _holderChanges = [];
    private List<TaskCompletionSource<ImmutableArray<Problem>>> _waiting = [];
    private List<TaskCompletionSource<IReadOnlyList<ServiceCounters>>> _counting = [];
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ClusterSnapshot? _snapshot;
    private bool _dirty;

    /// <summary>Sets with verdicts that changed; null: any.</summary>
    private HashSet<string>? _changedVerdicts = new(StringComparer.Ordinal);
    private bool _verifyDue;
    private ImmutableArray<string> _lastDrift = [];
    private readonly DataPlaneProblems _problems = new(logger);
    private long _turned = timeProvider.GetTimestamp();

    /// <summary>It looks at the kernel every few seconds whatever happens: longer than this it hangs in a call.</summary>
    private static readonly TimeSpan Hung = TimeSpan.FromMinutes(2);

    /// <summary>What is wrong with this loop itself, null when it turns.</summary>
    public string? Problem =>
        timeProvider.GetElapsedTime(Volatile.Read(ref _turned)) is var since && since > Hung
            ? $"the data plane has not come back from the kernel for {since.TotalSeconds:0} s" : null;

    /// <summary>How many things the kernel refused in the last attempt.</summary>
    public int Problems => _problems.Count;

    /// <summary>What the kernel refuses is no longer what the last answer to a snapshot said: it was mended, or fails now and goes on failing.</summary>
    public event Action<ImmutableArray<Problem>>? ProblemsChanged
    {
        add => _problems.Changed += value;
        remove => _problems.Changed -= value;
    }

    /// <summary>Looks at the kernel; to be called before the first snapshot.</summary>
    public Task<DataPlaneProbe> ProbeAsync(CancellationToken cancellationToken) => dataPlane.ProbeAsync(cancellationToken);

    /// <summary>Completes when the kernel has been brought to the snapshot, as far as it goes.</summary>
    public async Task<ImmutableArray<Problem>> ApplyAsync(ClusterSnapshot snapshot, CancellationToken cancellationToken)
    {
        var done = new TaskCompletionSource<ImmutableArray<Problem>>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _snapshot = snapshot;
            _dirty = true;
            _waiting.Add(done);
        }

        _wake.Writer.TryWrite(0);
        return await done.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The kernel's counters of all services, read between two changes.</summary>
    public async Task<IReadOnlyList<ServiceCounters>> CountersAsync(CancellationToken cancellationToken)
    {
        var read = new TaskCompletionSource<IReadOnlyList<ServiceCounters>>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _counting.Add(read);
        }

        _wake.Writer.TryWrite(0);
        return await read.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Verdicts on endpoints changed: plan anew.</summary>
    /// <param name="sets">The backend sets that have them; null: any.</param>
    public void VerdictsChanged(IEnumerable<string>? sets = null)
    {
        lock (_gate)
        {
            _dirty = true;
            if (sets is null)
            {
                _changedVerdicts = null;
            }
            else
            {
                _changedVerdicts?.UnionWith(sets);
            }
        }

        _wake.Writer.TryWrite(0);
    }

    /// <summary>This node took or gave up the address.</summary>
    public void HolderChanged(IPAddress address, bool held)
    {
        lock (_gate)
        {
            _holderChanges[address] = held;
        }

        _wake.Writer.TryWrite(0);
    }

    /// <summary>Has the kernel compared soon after another program changed something.</summary>
    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        try
        {
            // Before the first snapshot there is nothing to compare with, nor anything opened.
            await _begun.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            while (true)
            {
                await dataPlane.WaitForChangeAsync(cancellationToken).ConfigureAwait(false);
                WakeToVerify();
                await Task.Delay(WatchPause, timeProvider, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The agent stops.
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            Log.NotWatched(logger, exception);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var watching = WatchAsync(stoppingToken);
        await using var verify = timeProvider.CreateTimer(
            static state => ((DataPlaneLoop)state!).WakeToVerify(), this, VerifyInterval, VerifyInterval);
        await using var retry = timeProvider.CreateTimer(
            static state => ((DataPlaneLoop)state!).VerdictsChanged(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        try
        {
            while (await _wake.Reader.WaitToReadAsync(stoppingToken).ConfigureAwait(false))
            {
                _wake.Reader.TryRead(out _);
                Volatile.Write(ref _turned, timeProvider.GetTimestamp());
                await CountAsync(stoppingToken).ConfigureAwait(false);
                if (!await WorkAsync(stoppingToken).ConfigureAwait(false))
                {
                    // What comes in meanwhile does not wait for the retry.
                    retry.Change(RetryDelay(), Timeout.InfiniteTimeSpan);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The kernel keeps forwarding while the agent is away.
        }
        finally
        {
            await watching.ConfigureAwait(false);
            foreach (var waiting in _waiting)
            {
                waiting.TrySetCanceled(CancellationToken.None);
            }

            foreach (var counting in _counting)
            {
                counting.TrySetCanceled(CancellationToken.None);
            }
        }
    }

    private async Task CountAsync(CancellationToken cancellationToken)
    {
        List<TaskCompletionSource<IReadOnlyList<ServiceCounters>>> counting;
        lock (_gate)
        {
            (counting, _counting) = (_counting, []);
        }

        if (counting.Count == 0)
        {
            return;
        }

        try
        {
            var counters = await dataPlane.CountersAsync(cancellationToken).ConfigureAwait(false);
            counting.ForEach(reader => reader.TrySetResult(counters));
        }
        catch (Exception exception)
        {
            // For whoever asked to report.
            counting.ForEach(reader => reader.TrySetException(exception));
        }
    }

    /// <returns>False when something is to be tried again.</returns>
    private async Task<bool> WorkAsync(CancellationToken cancellationToken)
    {
        ClusterSnapshot? snapshot;
        bool dirty;
        HashSet<string>? verdicts;
        bool verify;
        List<TaskCompletionSource<ImmutableArray<Problem>>> waiting;
        KeyValuePair<IPAddress, bool>[] holders;
        lock (_gate)
        {
            snapshot = _snapshot;
            (dirty, _dirty) = (_dirty, false);
            (verdicts, _changedVerdicts) = (_changedVerdicts, new HashSet<string>(StringComparer.Ordinal));
            (verify, _verifyDue) = (_verifyDue, false);
            (waiting, _waiting) = (_waiting, []);
            holders = [.. _holderChanges];
            _holderChanges.Clear();
        }

        // Null: nothing was done that tells whether what failed before would fail again.
        ImmutableArray<Problem>? tried = null;
        try
        {
            if (dirty && snapshot is not null)
            {
                var plan = _planner.Plan(snapshot, isHealthy, verdicts);
                tried = Describe(await dataPlane.ApplyAsync(plan, cancellationToken).ConfigureAwait(false));
            }

            foreach (var (address, held) in holders)
            {
                await dataPlane.SetHolderAsync(address, held, cancellationToken).ConfigureAwait(false);
            }

            if (verify && snapshot is not null && !dirty)
            {
                var result = await dataPlane.VerifyAsync(cancellationToken).ConfigureAwait(false);
                Report(result.Drift);
                tried = result.Repair is { } repair ? Describe(repair) : null;
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            var problem = new Problem { Field = ProblemFields.DataPlane, Message = $"data plane: {exception.Message}" };
            if (!_problems.Known.Contains(problem))
            {
                Log.Failed(logger, exception);
            }

            tried = [problem];
            PutBack(holders);
        }
        catch
        {
            waiting.ForEach(waiter => waiter.TrySetCanceled(CancellationToken.None));
            throw;
        }

        _begun.TrySetResult();
        if (tried is not { } problems)
        {
            return true;
        }

        waiting.ForEach(waiter => waiter.TrySetResult(problems));
        _problems.Take(problems, answered: waiting.Count > 0);
        return problems.IsEmpty;
    }

    private void PutBack(KeyValuePair<IPAddress, bool>[] holders)
    {
        lock (_gate)
        {
            foreach (var (address, held) in holders)
            {
                _holderChanges.TryAdd(address, held);
            }
        }
    }

    private TimeSpan RetryDelay()
    {
        var delay = FirstRetry * Math.Pow(2, Math.Min(_problems.Failures - 1, 10));
        return (delay < LastRetry ? delay : LastRetry) * (0.8 + (0.4 * Random.Shared.NextDouble()));
    }

    private void WakeToVerify()
    {
        lock (_gate)
        {
            _verifyDue = true;
        }

        _wake.Writer.TryWrite(0);
    }

    private void Report(ImmutableArray<string> drift)
    {
        if (!drift.IsEmpty && !drift.SequenceEqual(_lastDrift))
        {
            Log.Drift(logger, drift.Length, string.Join("; ", drift.Take(DataPlaneProblems.MostNamed)));
        }

        _lastDrift = drift;
    }

    private static ImmutableArray<Problem> Describe(ApplyResult result) =>
    [
        .. result.Failed.Select(failed => new Problem
        {
            Object = failed.Service.VirtualIp.ToString(),
            Message = $"{failed.Service.Protocol} {new IPEndPoint(failed.Service.Address, failed.Service.Port)} could not be programmed: {failed.Error}",
        }),
        .. result.Problems.Select(problem => new Problem { Message = problem }),
    ];

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "The data plane could not be brought to the plan; it is tried again")]
        public static partial void Failed(ILogger logger, Exception exception);

        [LoggerMessage(LogLevel.Warning, "Changes by other programs are noticed late: the kernel is compared every few seconds only")]
        public static partial void NotWatched(ILogger logger, Exception exception);

        [LoggerMessage(LogLevel.Warning, "The kernel differed from the plan in {Count} places and is repaired: {Differences}")]
        public static partial void Drift(ILogger logger, int count, string differences);
    }
}
