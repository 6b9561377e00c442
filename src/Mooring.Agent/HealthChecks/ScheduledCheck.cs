namespace Mooring.Agent.HealthChecks;

/// <summary>The running loop of one target.</summary>
internal sealed class ScheduledCheck
{
    private readonly CancellationTokenSource _stop;

    private ScheduledCheck(HealthCheckTarget target, CancellationTokenSource stop)
    {
        Target = target;
        _stop = stop;
    }

    public HealthCheckTarget Target { get; }

    public Task Completion { get; private set; } = Task.CompletedTask;

    public static ScheduledCheck Start(
        HealthCheckTarget target, Func<HealthCheckTarget, CancellationToken, Task> run, CancellationToken stopping)
    {
        var check = new ScheduledCheck(target, CancellationTokenSource.CreateLinkedTokenSource(stopping));
        var token = check._stop.Token;
        check.Completion = Task.Run(() => run(target, token), CancellationToken.None);
        return check;
    }

    /// <summary>Ends the loop; its source is released when the loop has seen it.</summary>
    public void Stop()
    {
        _stop.Cancel();
        _ = Completion.ContinueWith(
            static (_, state) => ((CancellationTokenSource)state!).Dispose(), _stop,
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }
}
