using Mooring.Core.Health;

namespace Mooring.Agent.HealthChecks;

/// <summary>One target and where its checks are. Guarded by the scheduler's lock, but for its run.</summary>
/// <param name="target">What is checked.</param>
/// <param name="verdict">What was found of it by other rules; null for nothing.</param>
/// <param name="now">On the scheduler's clock.</param>
/// <param name="timeProvider">For the end of each check.</param>
internal sealed class ScheduledCheck(
    HealthCheckTarget target, HealthVerdict? verdict, TimeSpan now, TimeProvider timeProvider) : IDisposable
{
    /// <summary>Weight of the latest check in the average.</summary>
    private const double Latest = 0.25;

    private CancellationTokenSource? _deadline;

    public HealthCheckTarget Target => target;

    public HealthTracker Tracker { get; } = new(target.Check.UnhealthyThreshold, target.Check.HealthyThreshold, verdict);

    /// <summary>When failures begin to count, on the scheduler's clock.</summary>
    public TimeSpan CountsFrom { get; } = now + target.Check.InitialDelay;

    /// <summary>When the next check is due; while one runs, when that one was.</summary>
    public TimeSpan Due { get; set; }

    public bool Running { get; set; }

    /// <summary>To be done again as soon as the run that is on has ended.</summary>
    public bool Again { get; set; }

    public bool Stopped { get; private set; }

    public bool LastFailed { get; set; }

    /// <summary>Moving average of the checks that passed; null before the first.</summary>
    public TimeSpan? ResponseTime { get; private set; }

    /// <summary>The last check ended without an answer, and so late that it did not count.</summary>
    public bool Doubted { get; set; }

    /// <summary>Keeps it out for a while after it fell.</summary>
    public HoldDown Hold { get; } = new(target.Check.Passive, target.Check.FlapDamping);

    /// <summary>Handshakes of clients that failed and made it suspect; 0: none.</summary>
    public int FailedHandshakes { get; set; }

    /// <summary>Another node found it unhealthy since the last check.</summary>
    public bool Suspected { get; set; }

    public void Passed(TimeSpan took) => ResponseTime = ResponseTime is { } average ? average + (Latest * (took - average)) : took;

    /// <summary>Cancelled when the time of a check that begins now is over.</summary>
    public CancellationToken Begin()
    {
        _deadline ??= new CancellationTokenSource(Timeout.InfiniteTimeSpan, timeProvider);
        _deadline.CancelAfter(target.Check.Timeout);
        return _deadline.Token;
    }

    /// <summary>The check that began has ended. Without this its timer would go off, long after, for each of thousands.</summary>
    public void End()
    {
        if (_deadline is { } deadline && !deadline.TryReset())
        {
            _deadline = null;
            deadline.Dispose();
        }
    }

    /// <summary>The outcome of a run that is on is not wanted any more.</summary>
    public void Stop()
    {
        Stopped = true;
        _deadline?.Cancel();
    }

    public void Dispose() => _deadline?.Dispose();
}
