using System.Threading.Channels;

namespace Mooring.Kubernetes.Runtime;

/// <summary>
/// Keys to work on, with client-go's rules: a key waits at most once, is never handed to two workers at once, and one
/// that is added while it is worked on is handed out again afterwards. Safe for any number of writers and readers.
/// </summary>
public sealed class WorkQueue<TKey> : IDisposable
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Channel<TKey> _ready = Channel.CreateUnbounded<TKey>();

    /// <summary>Keys with work outstanding that no worker has taken up yet.</summary>
    private readonly HashSet<TKey> _dirty = [];
    private readonly HashSet<TKey> _processing = [];
    private readonly Dictionary<TKey, int> _failures = [];
    private readonly DelayedKeys<TKey> _delayed;
    private readonly WorkQueueOptions _options;
    private readonly KubernetesMetrics? _metrics;
    private bool _closed;

    public WorkQueue(WorkQueueOptions options, TimeProvider time, KubernetesMetrics? metrics = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        _options = options;
        _metrics = metrics;
        _delayed = new DelayedKeys<TKey>(time, Add);
    }

    /// <summary>Keys ready to be taken.</summary>
    public int Count => _ready.Reader.Count;

    public void Add(TKey key)
    {
        lock (_lock)
        {
            if (!_closed && _dirty.Add(key) && !_processing.Contains(key))
            {
                Enqueue(key);
            }
        }
    }

    /// <summary>Adds the key later. Of several delays for one key the earliest holds.</summary>
    public void AddAfter(TKey key, TimeSpan delay)
    {
        if (delay <= TimeSpan.Zero)
        {
            Add(key);
        }
        else
        {
            _delayed.Add(key, delay);
        }
    }

    /// <summary>Adds the key after a delay that grows with each call until <see cref="Forget"/>.</summary>
    public void AddRateLimited(TKey key)
    {
        int failures;
        lock (_lock)
        {
            failures = _failures.GetValueOrDefault(key);
            _failures[key] = failures + 1;
        }

        var delay = Math.Min(
            _options.MaxDelay.TotalSeconds, _options.BaseDelay.TotalSeconds * Math.Pow(2, Math.Min(failures, 60)));
        AddAfter(key, TimeSpan.FromSeconds(delay * (0.75 + (Random.Shared.NextDouble() / 4))));
    }

    /// <summary>Failures of the key since it was last forgotten.</summary>
    public int Failures(TKey key)
    {
        lock (_lock)
        {
            return _failures.GetValueOrDefault(key);
        }
    }

    /// <summary>The key is well again: its next failure starts from the shortest delay.</summary>
    public void Forget(TKey key)
    {
        lock (_lock)
        {
            _failures.Remove(key);
        }
    }

    /// <summary>The next key; the caller owes a call of <see cref="Done"/>.</summary>
    /// <exception cref="ChannelClosedException">The queue was disposed.</exception>
    public async ValueTask<TKey> GetAsync(CancellationToken cancellationToken)
    {
        var key = await _ready.Reader.ReadAsync(cancellationToken);
        lock (_lock)
        {
            _processing.Add(key);
            _dirty.Remove(key);
        }

        _metrics?.QueueDepthChanged(_options.Name, -1);
        return key;
    }

    /// <summary>The work on the key has ended, well or not.</summary>
    public void Done(TKey key)
    {
        lock (_lock)
        {
            if (_processing.Remove(key) && _dirty.Contains(key) && !_closed)
            {
                Enqueue(key);
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _closed = true;
        }

        _delayed.Dispose();
        _ready.Writer.TryComplete();
    }

    private void Enqueue(TKey key)
    {
        if (_ready.Writer.TryWrite(key))
        {
            _metrics?.QueueDepthChanged(_options.Name, 1);
        }
    }
}
