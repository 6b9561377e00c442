using System.Threading.Channels;
using Mooring.Sandbox.KubeApi.Storage;

namespace Mooring.Sandbox.KubeApi.Watching;

/// <summary>
/// A watcher's queue of changes. A watcher that does not keep up is cut off when its queue is full, and has to start
/// again from a revision it has seen; the store never waits for it.
/// </summary>
internal sealed class WatchSubscription : IDisposable
{
    private readonly Channel<StoreChange> _changes;
    private readonly Action<WatchSubscription> _unsubscribe;

    public WatchSubscription(int capacity, Action<WatchSubscription> unsubscribe)
    {
        _unsubscribe = unsubscribe;
        _changes = Channel.CreateBounded<StoreChange>(new BoundedChannelOptions(capacity) { SingleReader = true });
    }

    /// <summary>Completes when the watcher was cut off or the server stops.</summary>
    public ChannelReader<StoreChange> Changes => _changes.Reader;

    /// <summary>False when the queue is full; the subscription is then over.</summary>
    public bool Offer(StoreChange change)
    {
        if (_changes.Writer.TryWrite(change))
        {
            return true;
        }

        _changes.Writer.TryComplete();
        return false;
    }

    public void Close() => _changes.Writer.TryComplete();

    public void Dispose() => _unsubscribe(this);
}
