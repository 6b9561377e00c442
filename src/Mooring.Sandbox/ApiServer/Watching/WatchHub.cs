using Mooring.Sandbox.KubeApi.Storage;

namespace Mooring.Sandbox.KubeApi.Watching;

/// <summary>Hands changes to watchers. Not synchronised: the store calls it under its lock.</summary>
internal sealed class WatchHub(int windowSize, long startRevision)
{
    /// <summary>How far a watcher may fall behind before it is cut off.</summary>
    private const int QueueSlack = 16_384;

    private readonly Dictionary<string, EventWindow> _windows = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<WatchSubscription>> _watchers = new(StringComparer.Ordinal);
    private readonly HashSet<WatchSubscription> _all = [];
    private readonly Lock _membership = new();
    private long _floor = startRevision;
    private bool _closed;

    public WatchSubscription? Subscribe(string resource, long afterRevision)
    {
        var window = Window(resource);
        if (afterRevision < window.Floor)
        {
            return null;
        }

        var subscription = new WatchSubscription(windowSize + QueueSlack, s => Remove(resource, s));
        foreach (var change in window.After(afterRevision))
        {
            subscription.Offer(change);
        }

        lock (_membership)
        {
            if (_closed)
            {
                subscription.Close();
            }

            if (!_watchers.TryGetValue(resource, out var watchers))
            {
                _watchers[resource] = watchers = [];
            }

            watchers.Add(subscription);
        }

        return subscription;
    }

    /// <summary>What has changed since a revision, in order; null when the window does not reach back that far.</summary>
    public IReadOnlyList<StoreChange>? ChangesAfter(string resource, long revision)
    {
        var window = Window(resource);
        return revision < window.Floor ? null : [.. window.After(revision)];
    }

    public WatchSubscription SubscribeAll()
    {
        var subscription = new WatchSubscription(int.MaxValue, s =>
        {
            lock (_membership)
            {
                _all.Remove(s);
            }
        });
        lock (_membership)
        {
            if (_closed)
            {
                subscription.Close();
            }

            _all.Add(subscription);
        }

        return subscription;
    }

    public void Publish(StoreChange change)
    {
        Window(change.Key.Resource).Add(change);
        lock (_membership)
        {
            foreach (var watcher in _all)
            {
                watcher.Offer(change);
            }

            if (_watchers.TryGetValue(change.Key.Resource, out var watchers))
            {
                watchers.RemoveWhere(w => !w.Offer(change));
            }
        }
    }

    public void Compact(long revision)
    {
        _floor = revision;
        foreach (var window in _windows.Values)
        {
            window.Clear(revision);
        }
    }

    public void Close()
    {
        lock (_membership)
        {
            _closed = true;
            foreach (var watcher in _watchers.Values.SelectMany(w => w).Concat(_all))
            {
                watcher.Close();
            }
        }
    }

    private void Remove(string resource, WatchSubscription subscription)
    {
        lock (_membership)
        {
            if (_watchers.TryGetValue(resource, out var watchers))
            {
                watchers.Remove(subscription);
            }
        }
    }

    private EventWindow Window(string resource)
    {
        if (!_windows.TryGetValue(resource, out var window))
        {
            _windows[resource] = window = new EventWindow(windowSize, _floor);
        }

        return window;
    }
}
