using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mooring.Agent.HealthChecks.Kept;
using Mooring.Agent.HealthChecks.Probes;
using Mooring.Core.Health;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.HealthChecks;

/// <summary>
/// Checks the endpoints this node may have to forward to: those of every backend set behind an address the node holds
/// or may soon. Verdicts hold here at once; the other agents and the controller hear of them.
/// </summary>
internal sealed class HealthCheckService : BackgroundService
{
    private readonly string _nodeName;
    private readonly HealthProbes _probes;
    private readonly HealthCheckMetrics _metrics;
    private readonly TimeProvider _timeProvider;
    private readonly VerdictLog _log;
    private readonly CheckScheduler _scheduler;
    private readonly Lock _gate = new();
    private readonly Dictionary<(string SetId, IPEndPoint Backend), ScheduledCheck> _checks = [];
    private readonly ConcurrentDictionary<(string SetId, IPEndPoint Backend), HealthVerdict> _verdicts = new();
    private readonly CheckedSets _sets;
    private KeptVerdicts _kept = KeptVerdicts.None;
    private bool _stopping;

    public HealthCheckService(
        string nodeName,
        HealthProbes probes,
        HealthCheckMetrics metrics,
        TimeProvider timeProvider,
        ILogger<HealthCheckService> logger)
    {
        _nodeName = nodeName;
        _probes = probes;
        _metrics = metrics;
        _timeProvider = timeProvider;
        _log = new VerdictLog(logger, metrics);
        _sets = new CheckedSets(nodeName);
        _scheduler = new CheckScheduler(RunAsync, Next, metrics, timeProvider);
        metrics.CountWith(Count);
    }

    /// <summary>Raised after a verdict changed, on the check's own continuation: handlers must be quick.</summary>
    public event Action<HealthChange>? Changed;

    /// <summary>True or false once a threshold was reached, null before that or when the endpoint is not checked here.</summary>
    public bool? IsHealthy(string backendSetId, IPEndPoint backend) =>
        _verdicts.TryGetValue((backendSetId, backend), out var verdict) ? verdict.Healthy : null;

    /// <summary>Every verdict in force.</summary>
    public IReadOnlyList<HealthChange> Verdicts() =>
        [.. _verdicts.Select(pair => new HealthChange(pair.Key.SetId, pair.Key.Backend, pair.Value))];

    /// <summary>What an earlier start found is believed until checks say otherwise.</summary>
    public void Restore(KeptVerdicts kept)
    {
        lock (_gate)
        {
            _kept = kept;
        }
    }

    /// <summary>The endpoints that are checked here and out.</summary>
    public IReadOnlyList<(HealthCheckTarget Target, HealthVerdict Verdict)> Unhealthy()
    {
        lock (_gate)
        {
            return [.. _checks.Where(pair => IsHealthy(pair.Key.SetId, pair.Key.Backend) == false)
                .Select(pair => (pair.Value.Target, _verdicts[pair.Key]))];
        }
    }

    /// <summary>How long checks that pass take, for endpoints that are checked here.</summary>
    public IReadOnlyList<(string SetId, IPEndPoint Backend, TimeSpan Time)> ResponseTimes()
    {
        lock (_gate)
        {
            return [.. _checks.Where(pair => pair.Value.ResponseTime is not null)
                .Select(pair => (pair.Key.SetId, pair.Key.Backend, pair.Value.ResponseTime!.Value))];
        }
    }

    /// <summary>Starts, restarts and stops checks so that they are those <paramref name="snapshot"/> asks for.</summary>
    /// <returns>True when verdicts came or went of endpoints whose sets are as they were, as this node checks others now.</returns>
    public bool ApplySnapshot(ClusterSnapshot snapshot)
    {
        lock (_gate)
        {
            return Follow(_sets.Take(snapshot));
        }
    }

    /// <summary>
    /// Another node found the endpoint unhealthy. Where it is checked here too it is checked now, and one failure is enough;
    /// while it passes here, it stays.
    /// </summary>
    public void Suspect(string backendSetId, IPEndPoint backend)
    {
        lock (_gate)
        {
            if (_checks.TryGetValue((backendSetId, backend), out var check))
            {
                check.Suspected = true;
                _scheduler.Hasten(check);
            }
        }
    }

    /// <summary>
    /// Connections of clients to the endpoint failed. It is checked now, and one failure is enough unless too many endpoints
    /// are out already.
    /// </summary>
    public void SuspectByClients(string backendSetId, IPEndPoint backend, int handshakes)
    {
        lock (_gate)
        {
            if (!_checks.TryGetValue((backendSetId, backend), out var check) || check.Tracker.Verdict is { Healthy: false })
            {
                return;
            }

            _metrics.Suspected();
            if (MayHold(check))
            {
                (check.Suspected, check.FailedHandshakes) = (true, handshakes);
            }

            _scheduler.Hasten(check);
        }
    }

    /// <summary>The addresses this node answers for: what is behind them is checked, whatever the snapshot foresees.</summary>
    /// <returns>As of <see cref="ApplySnapshot"/>.</returns>
    public bool HoldersChanged(ImmutableHashSet<IPAddress> held)
    {
        lock (_gate)
        {
            return Follow(_sets.Hold(held));
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, _timeProvider, stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The host is stopping: the checks end with it.
        }

        lock (_gate)
        {
            _stopping = true;
            foreach (var (key, check) in _checks.ToArray())
            {
                End(key, check);
            }
        }

        await _scheduler.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Brings the checks of the sets to what they are now; those of the other sets are right.</summary>
    private bool Follow(BackendSetChanges changes)
    {
        if (_stopping)
        {
            return false;
        }

        var others = false;
        var wanted = _sets.TargetsIn(changes.Now);
        foreach (var (set, key) in changes.Before.SelectMany(set => set.Backends, (set, backend) => (set, (set.Id, backend.EndPoint))))
        {
            if (!_checks.TryGetValue(key, out var check))
            {
                continue;
            }

            if (!wanted.TryGetValue(key, out var target))
            {
                End(key, check);
                others |= _verdicts.TryRemove(key, out _) && _sets.Has(set);
            }
            else if (target.Check.Equals(check.Target.Check))
            {
                wanted.Remove(key);
            }
            else
            {
                // The verdict stays until checks by the new rules say otherwise.
                End(key, check);
            }
        }

        var now = _scheduler.Now;
        foreach (var (key, target) in wanted)
        {
            if (!_verdicts.ContainsKey(key) && _kept.Take(target) is { } kept)
            {
                _verdicts[key] = kept;
                others = true;
            }

            var verdict = _verdicts.GetValueOrDefault(key);
            var check = new ScheduledCheck(target, verdict, now, _timeProvider)
            {
                Due = now + CheckSchedule.First(
                    target.Check, _nodeName, target.BackendSetId, target.Backend, failing: verdict is { Healthy: false }),
            };
            _checks[key] = check;
            _scheduler.Add(check);
        }

        return others;
    }

    private void End((string SetId, IPEndPoint Backend) key, ScheduledCheck check)
    {
        _scheduler.Remove(check);
        _checks.Remove(key);
    }

    private TimeSpan Next(ScheduledCheck check, TimeSpan now) => CheckSchedule.Next(
        check.Target.Check,
        check.Due,
        now,
        failing: check.LastFailed || check.Tracker.Verdict is { Healthy: false },
        Random.Shared.NextDouble());

    private async Task RunAsync(ScheduledCheck check, CancellationToken deadline)
    {
        var target = check.Target;
        try
        {
            var started = _timeProvider.GetTimestamp();
            var outcome = await _probes.For(target.Check.Type).ProbeAsync(target, deadline).ConfigureAwait(false);
            var took = _timeProvider.GetElapsedTime(started);
            if (check.Stopped)
            {
                return;
            }

            if (!outcome.Success && deadline.IsCancellationRequested && !check.Doubted
                && CheckSchedule.IsDoubtful(target.Check, took))
            {
                // It counts when it happens again.
                check.Doubted = true;
                _metrics.Doubted(target.Check.Type);
                return;
            }

            (check.LastFailed, check.Doubted) = (!outcome.Success, false);
            _metrics.Checked(target.Check.Type, outcome.Success, took);
            if (outcome.Success)
            {
                check.Passed(took);
            }
            else if (_scheduler.Now < check.CountsFrom)
            {
                return;
            }

            if (check.Suspected)
            {
                check.Suspected = false;
                check.Tracker.Suspect();
            }

            if (outcome.Success && check.Tracker.Verdict is { Healthy: false })
            {
                if (IsLastHope(target.BackendSetId))
                {
                    check.Tracker.Trust();
                }
                else if (check.Hold.Holds(_scheduler.Now))
                {
                    return;
                }
            }

            var now = _timeProvider.GetUtcNow();
            var verdict = check.Tracker.Observe(outcome.Success, outcome.Reason, now, outcome.Warning);
            if (verdict is { Healthy: false })
            {
                verdict = HoldDown(check, verdict);
            }

            check.FailedHandshakes = 0;
            if (verdict is not null)
            {
                Publish(check, verdict);
            }
        }
        catch (Exception exception)
        {
            // A probe turns every failure into an outcome, so this is a fault of ours; the verdict stays, the checks go on.
            _log.Faulted(target, exception);
        }
    }

    /// <summary>Keeps an endpoint out that failed its clients, or falls again and again, and says so.</summary>
    private HealthVerdict HoldDown(ScheduledCheck check, HealthVerdict verdict)
    {
        lock (_gate)
        {
            var handshakes = check.FailedHandshakes;
            var hold = MayHold(check) ? check.Hold.Fell(_scheduler.Now, ejected: handshakes > 0) : TimeSpan.Zero;
            var reason = handshakes > 0 ? $"{handshakes} connections of clients failed; {verdict.Reason}" : verdict.Reason;
            return verdict with { Reason = hold > TimeSpan.Zero ? $"{reason}; out for {Duration.Format(hold)}" : reason };
        }
    }

    /// <summary>One more of its set may stay out whatever its checks say.</summary>
    private bool MayHold(ScheduledCheck check)
    {
        var target = check.Target;
        if (target.Check.Passive is null && target.Check.FlapDamping is null)
        {
            return false;
        }

        var now = _scheduler.Now;
        var backends = _sets.BackendsOf(target.BackendSetId);
        var held = backends.Count(backend =>
            _checks.TryGetValue((target.BackendSetId, backend.EndPoint), out var other) && other != check && other.Hold.Holds(now));
        return (held + 1) * 100L <= (long)(target.Check.Passive ?? PassiveCheckIntent.Default).MaxEjectedPercent * backends.Length;
    }

    /// <summary>No endpoint of the set that is checked here is healthy: the first that passes is believed.</summary>
    private bool IsLastHope(string backendSetId)
    {
        lock (_gate)
        {
            return _sets.BackendsOf(backendSetId) is { IsEmpty: false } backends
                && !backends.Any(backend => _checks.ContainsKey((backendSetId, backend.EndPoint))
                    && IsHealthy(backendSetId, backend.EndPoint) != false);
        }
    }

    private void Publish(ScheduledCheck check, HealthVerdict verdict)
    {
        var target = check.Target;
        var key = (target.BackendSetId, target.Backend);
        HealthVerdict? before;
        lock (_gate)
        {
            if (check.Stopped)
            {
                return;
            }

            // The first "healthy" confirms what was presumed, but is still a verdict others want to hear.
            if (_verdicts.TryGetValue(key, out before) && before.Healthy == verdict.Healthy)
            {
                if (before.Warning == verdict.Warning)
                {
                    return;
                }

                verdict = verdict with { Since = before.Since };
            }

            _verdicts[key] = verdict;
        }

        _log.Changed(target, before, verdict);
        Changed?.Invoke(new HealthChange(target.BackendSetId, target.Backend, verdict));
    }

    private (int Healthy, int Unhealthy) Count()
    {
        var (healthy, unhealthy) = (0, 0);
        foreach (var (_, verdict) in _verdicts)
        {
            _ = verdict.Healthy ? healthy++ : unhealthy++;
        }

        return (healthy, unhealthy);
    }
}
