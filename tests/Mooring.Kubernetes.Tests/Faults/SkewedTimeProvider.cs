namespace Mooring.Kubernetes.Tests.Faults;

/// <summary>
/// A machine's clock: its wall time is wrong, it runs a little fast or slow, and for a while at a time nothing that
/// waits on it wakes up, as in a process that is frozen.
/// </summary>
internal sealed class SkewedTimeProvider(double rate, TimeSpan wallSkew) : TimeProvider
{
    private readonly long _start = System.GetTimestamp();
    private long _frozenUntil;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + wallSkew;

    public override long TimestampFrequency => System.TimestampFrequency;

    public override long GetTimestamp() => _start + (long)((System.GetTimestamp() - _start) * rate);

    public void Freeze(TimeSpan time) => Volatile.Write(
        ref _frozenUntil, System.GetTimestamp() + (long)(time.TotalSeconds * System.TimestampFrequency));

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer? timer = null;
        timer = System.CreateTimer(
            _ =>
            {
                var frozen = System.GetElapsedTime(System.GetTimestamp(), Volatile.Read(ref _frozenUntil));
                if (frozen > TimeSpan.Zero)
                {
                    timer!.Change(frozen, Scale(period));
                }
                else
                {
                    callback(state);
                }
            },
            null,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);
        timer.Change(Scale(dueTime), Scale(period));
        return new SkewedTimer(timer, Scale);
    }

    private TimeSpan Scale(TimeSpan time) => time <= TimeSpan.Zero ? time : time / rate;

    private sealed class SkewedTimer(ITimer inner, Func<TimeSpan, TimeSpan> scale) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => inner.Change(scale(dueTime), scale(period));

        public void Dispose() => inner.Dispose();

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
