namespace Mooring.Agent.HealthChecks;

/// <summary>
/// Runs checks when they are due: one timer and one queue for all of them, no thread and no task for a check that waits.
/// </summary>
/// <param name="run">Does one check. It takes no exception out.</param>
/// <param name="next">When the check is due next, asked after each run.</param>
internal sealed class CheckScheduler(
    Func<ScheduledCheck, CancellationToken, Task> run,
    Func<ScheduledCheck, TimeSpan, TimeSpan> next,
    HealthCheckMetrics metrics,
    TimeProvider timeProvider) : IAsyncDisposable
{
    /// <summary>Checks under way at a time; what is due beyond waits. Each holds a socket.</summary>
    public const int MaxRunning = 4096;

    /// <summary>
    /// Checks that are due within this long begin together: waking up for each of thousands a second costs more than the
    /// checks.
    /// </summary>
    private static readonly TimeSpan Grain = TimeSpan.FromMilliseconds(20);

    private readonly Lock _gate = new();
    private readonly PriorityQueue<ScheduledCheck, TimeSpan> _queue = new();
    private readonly List<ScheduledCheck> _starting = [];
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ITimer? _timer;
    private TimeSpan _wakeAt = TimeSpan.MaxValue;
    private int _running;
    private bool _ended;

    /// <summary>The clock that checks are due by.</summary>
    public TimeSpan Now => timeProvider.GetElapsedTime(0, timeProvider.GetTimestamp());

    public void Add(ScheduledCheck check)
    {
        lock (_gate)
        {
            if (!_ended)
            {
                Enqueue(check);
                Arm();
            }
        }
    }

    /// <summary>Does the check at once, or once more when it is under way.</summary>
    public void Hasten(ScheduledCheck check)
    {
        lock (_gate)
        {
            if (_ended || check.Stopped)
            {
                return;
            }

            if (check.Running)
            {
                check.Again = true;
                return;
            }

            // The entry that is in the queue is taken out: a check is there once.
            _queue.Remove(check, out _, out _);
            check.Due = Now;
            Enqueue(check);
            Arm();
        }
    }

    /// <summary>Ends a check; the outcome of one that is under way is dropped.</summary>
    public void Remove(ScheduledCheck check)
    {
        lock (_gate)
        {
            // It leaves the queue when it would be due: searching for it would take longer.
            check.Stop();
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _ended = true;
            _timer?.Dispose();
            while (_queue.TryDequeue(out var check, out _))
            {
                check.Dispose();
            }

            if (_running == 0)
            {
                _idle.TrySetResult();
            }
        }

        await _idle.Task.ConfigureAwait(false);
    }

    private void Enqueue(ScheduledCheck check) => _queue.Enqueue(check, check.Due);

    private void Arm()
    {
        if (_ended || !_queue.TryPeek(out _, out var due) || due >= _wakeAt || _running >= MaxRunning)
        {
            return;
        }

        var now = Now;
        _wakeAt = due <= now ? now : new TimeSpan((due.Ticks + Grain.Ticks - 1) / Grain.Ticks * Grain.Ticks);
        _timer ??= timeProvider.CreateTimer(
            static state => ((CheckScheduler)state!).StartDue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(_wakeAt - now, Timeout.InfiniteTimeSpan);
    }

    private void StartDue()
    {
        ScheduledCheck[] due;
        lock (_gate)
        {
            _wakeAt = TimeSpan.MaxValue;
            var now = Now;
            while (!_ended && _running < MaxRunning && _queue.TryPeek(out var check, out var at) && at <= now)
            {
                _queue.Dequeue();
                if (check.Stopped)
                {
                    check.Dispose();
                    continue;
                }

                check.Running = true;
                _running++;
                _starting.Add(check);
                metrics.Started(now - at);
            }

            due = [.. _starting];
            _starting.Clear();
            Arm();
        }

        foreach (var check in due)
        {
            _ = RunAsync(check);
        }
    }

    private async Task RunAsync(ScheduledCheck check)
    {
        CancellationToken deadline;
        lock (_gate)
        {
            deadline = check.Stopped ? new CancellationToken(canceled: true) : check.Begin();
        }

        await run(check, deadline).ConfigureAwait(false);
        lock (_gate)
        {
            check.Running = false;
            _running--;
            if (check.Stopped || _ended)
            {
                check.Dispose();
            }
            else
            {
                check.End();
                var now = Now;
                check.Due = check.Again ? now : next(check, now);
                check.Again = false;
                Enqueue(check);
                Arm();
            }

            if (_ended && _running == 0)
            {
                _idle.TrySetResult();
            }
        }
    }
}
