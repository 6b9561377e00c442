namespace Mooring.Controller.Agents;

/// <summary>Raises a signal some time after it was raised itself, once for all that came in between.</summary>
internal sealed class DelayedSignal : IDisposable
{
    private readonly TimeSpan _delay;
    private readonly ITimer _timer;
    private int _pending;

    public DelayedSignal(ChangeSignal signal, TimeSpan delay, TimeProvider time)
    {
        _delay = delay;
        _timer = time.CreateTimer(
            _ =>
            {
                Volatile.Write(ref _pending, 0);
                signal.Raise();
            },
            null,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);
    }

    public void Raise()
    {
        if (Interlocked.Exchange(ref _pending, 1) == 0)
        {
            _timer.Change(_delay, Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose() => _timer.Dispose();
}
