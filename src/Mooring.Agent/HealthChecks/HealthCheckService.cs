using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mooring.Core.Health;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.HealthChecks;

/// <summary>
/// Checks the endpoints this node may have to forward to: those of every backend set behind an address the node is a
/// candidate for. Verdicts hold here at once; the controller only hears of them.
/// </summary>
internal sealed partial class HealthCheckService(
    string nodeName, HealthProbes probes, TimeProvider timeProvider, ILogger<HealthCheckService> logger)
    : BackgroundService
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string SetId, IPEndPoint Backend), ScheduledCheck> _checks = [];
    private readonly ConcurrentDictionary<(string SetId, IPEndPoint Backend), HealthVerdict> _verdicts = new();
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Raised after a verdict changed, on the check's own continuation: handlers must be quick.</summary>
    public event Action<HealthChange>? Changed;

    /// <summary>True or false once a threshold was reached, null before that or when the endpoint is not checked here.</summary>
    public bool? IsHealthy(string backendSetId, IPEndPoint backend) =>
        _verdicts.TryGetValue((backendSetId, backend), out var verdict) ? verdict.Healthy : null;

    /// <summary>Every verdict in force.</summary>
    public IReadOnlyList<HealthChange> Verdicts() =>
        [.. _verdicts.Select(pair => new HealthChange(pair.Key.SetId, pair.Key.Backend, pair.Value))];

    /// <summary>Starts, restarts and stops checks so that they are those <paramref name="snapshot"/> asks for.</summary>
    public void ApplySnapshot(ClusterSnapshot snapshot)
    {
        var wanted = HealthCheckTargets.Of(snapshot, nodeName).ToDictionary(target => (target.BackendSetId, target.Backend));
        lock (_gate)
        {
            if (_stopping.IsCancellationRequested)
            {
                return;
            }

            foreach (var (key, check) in _checks.ToArray())
            {
                if (!wanted.TryGetValue(key, out var target))
                {
                    check.Stop();
                    _checks.Remove(key);
                    _verdicts.TryRemove(key, out _);
                }
                else if (target.Check.Equals(check.Target.Check))
                {
                    wanted.Remove(key);
                }
                else
                {
                    // The verdict stays until checks by the new rules say otherwise.
                    check.Stop();
                    _checks.Remove(key);
                }
            }

            foreach (var (key, target) in wanted)
            {
                _checks[key] = ScheduledCheck.Start(target, RunAsync, _stopping.Token);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, timeProvider, stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The host is stopping: the checks end with it.
        }

        Task[] running;
        lock (_gate)
        {
            _stopping.Cancel();
            running = [.. _checks.Values.Select(check => check.Completion)];
            _checks.Clear();
        }

        await Task.WhenAll(running).ConfigureAwait(false);
    }

    private async Task RunAsync(HealthCheckTarget target, CancellationToken cancellationToken)
    {
        var tracker = new HealthTracker(target.Check.UnhealthyThreshold, target.Check.HealthyThreshold);
        var probe = probes.For(target.Check.Type);
        try
        {
            await Task.Delay(CheckPhase.Of(target, nodeName), timeProvider, cancellationToken).ConfigureAwait(false);
            while (true)
            {
                var started = timeProvider.GetTimestamp();
                var outcome = await probe.ProbeAsync(target, cancellationToken).ConfigureAwait(false);
                if (tracker.Observe(outcome.Success, outcome.Reason, timeProvider.GetUtcNow()) is { } verdict)
                {
                    Publish(target, verdict, cancellationToken);
                }

                var rest = target.Check.Interval - timeProvider.GetElapsedTime(started);
                await Task.Delay(rest > TimeSpan.Zero ? rest : TimeSpan.Zero, timeProvider, cancellationToken)
                    .ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The check was taken out of the snapshot, or the agent stops.
        }
        catch (Exception exception)
        {
            // A probe turns every failure into an outcome, so this is a fault of ours; the last verdict stays.
            Log.CheckFaulted(logger, target.BackendSetId, target.Backend, exception);
        }
    }

    private void Publish(HealthCheckTarget target, HealthVerdict verdict, CancellationToken cancellationToken)
    {
        var key = (target.BackendSetId, target.Backend);
        lock (_gate)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            // The first "healthy" confirms what was presumed, but is still a verdict others want to hear.
            if (_verdicts.TryGetValue(key, out var before) && before.Healthy == verdict.Healthy)
            {
                return;
            }

            _verdicts[key] = verdict;
        }

        if (verdict.Healthy)
        {
            Log.BackendHealthy(logger, target.BackendSetId, target.Backend);
        }
        else
        {
            Log.BackendUnhealthy(logger, target.BackendSetId, target.Backend, verdict.Reason);
        }

        Changed?.Invoke(new HealthChange(target.BackendSetId, target.Backend, verdict));
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Backend {Backend} of {BackendSet} is healthy")]
        public static partial void BackendHealthy(ILogger logger, string backendSet, IPEndPoint backend);

        [LoggerMessage(Level = LogLevel.Information, Message = "Backend {Backend} of {BackendSet} is unhealthy: {Reason}")]
        public static partial void BackendUnhealthy(
            ILogger logger, string backendSet, IPEndPoint backend, string reason);

        [LoggerMessage(Level = LogLevel.Error, Message = "The check of {Backend} of {BackendSet} stopped by a fault")]
        public static partial void CheckFaulted(
            ILogger logger, string backendSet, IPEndPoint backend, Exception exception);
    }
}
