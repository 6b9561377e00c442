namespace Mooring.Kubernetes.Runtime;

/// <summary>Keys that become due later, on one timer.</summary>
internal sealed class DelayedKeys<TKey> : IDisposable
    where TKey : notnull
{
    /// <summary>Timers refuse more than 49 days; a longer wait is armed again.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly Lock _lock = new();
    private readonly PriorityQueue<TKey, long> _order = new();

    /// <summary>When each key is due; an entry of the order that says otherwise was overtaken.</summary>
    private readonly Dictionary<TKey, long> _due = [];
    private readonly TimeProvider _time;
    private readonly Action<TKey> _release;
    private readonly ITimer _timer;

    public DelayedKeys(TimeProvider time, Action<TKey> release)
    {
        _time = time;
        _release = release;
        _timer = time.CreateTimer(
            static self => ((DelayedKeys<TKey>)self!).Release(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Add(TKey key, TimeSpan delay)
    {
        lock (_lock)
        {
            var due = _time.GetTimestamp() + (long)Math.Min(
                long.MaxValue / 4, delay.TotalSeconds * _time.TimestampFrequency);
            if (_due.TryGetValue(key, out var earlier) && earlier <= due)
            {
                return;
            }

            _due[key] = due;
            _order.Enqueue(key, due);
            if (_order.Peek().Equals(key))
            {
                Arm();
            }
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Release()
    {
        var released = new List<TKey>();
        lock (_lock)
        {
            while (_order.TryPeek(out var key, out var due) && due <= _time.GetTimestamp())
            {
                _order.Dequeue();
                if (_due.TryGetValue(key, out var current) && current == due)
                {
                    _due.Remove(key);
                    released.Add(key);
                }
            }

            Arm();
        }

        // Outside of the lock: the queue takes its own.
        released.ForEach(_release);
    }

    private void Arm()
    {
        if (!_order.TryPeek(out _, out var due))
        {
            return;
        }

        // A millisecond at least: timers are that coarse, and one that fires early must not spin.
        var wait = _time.GetElapsedTime(_time.GetTimestamp(), due);
        wait = TimeSpan.FromMilliseconds(Math.Ceiling(Math.Max(1, wait.TotalMilliseconds)));
        _timer.Change(wait < LongestWait ? wait : LongestWait, Timeout.InfiniteTimeSpan);
    }
}
