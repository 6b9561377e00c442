using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Watching;

namespace Mooring.Sandbox.KubeApi.Storage;

/// <summary>
/// Every object of the server under one revision counter. Reads are lock-free on immutable snapshots; writes compare
/// and swap under one lock, go to the log, and are handed to the watchers in revision order.
/// </summary>
internal sealed class ResourceStore : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly IWriteLog? _log;
    private readonly WatchHub _hub;
    private StoreImage _image;

    public ResourceStore(StoreImage image, IWriteLog? log, int watchCacheSize)
    {
        _image = image;
        _log = log;
        _hub = new WatchHub(watchCacheSize, image.Revision);
    }

    /// <summary>The revision of the last committed write.</summary>
    public long Revision => Volatile.Read(ref _image).Revision;

    public StoreImage Image => Volatile.Read(ref _image);

    public StoredObject? Get(ObjectKey key) =>
        Image.Resources.TryGetValue(key.Resource, out var objects) && objects.TryGetValue(key.Path, out var found) ? found : null;

    public ResourceSnapshot Snapshot(string resource)
    {
        var image = Image;
        return new ResourceSnapshot(image.Revision, image.Resources.GetValueOrDefault(resource, ResourceSnapshot.Empty));
    }

    /// <summary>
    /// Writes <paramref name="next"/> if what is stored is still <paramref name="expected"/> (null: nothing).
    /// Returns null when it is not, so that the caller reads again and decides.
    /// </summary>
    public async Task<StoredObject?> TryPutAsync(ObjectKey key, StoredObject? expected, JsonObject next)
    {
        StoredObject written;
        Task durable;
        lock (_gate)
        {
            if (!ReferenceEquals(Get(key), expected))
            {
                return null;
            }

            var revision = _image.Revision + 1;
            written = StoredObject.Create(key, revision, next);
            durable = Commit(new StoreChange(revision, key, expected, written));
        }

        await durable;
        return written;
    }

    /// <summary>Removes an object if it is still <paramref name="expected"/>; returns its last state, or null.</summary>
    public async Task<StoredObject?> TryDeleteAsync(StoredObject expected)
    {
        StoredObject last;
        Task durable;
        lock (_gate)
        {
            if (!ReferenceEquals(Get(expected.Key), expected))
            {
                return null;
            }

            var revision = _image.Revision + 1;
            last = StoredObject.Create(expected.Key, revision, expected.Read());
            durable = Commit(new StoreChange(revision, expected.Key, last, null) { Replaced = expected });
        }

        await durable;
        return last;
    }

    /// <summary>
    /// Follows one resource after <paramref name="afterRevision"/>. Null starts at the present state, which
    /// <paramref name="snapshot"/> returns, with nothing lost between the two. Returns null when the revision is
    /// older than what the window still holds.
    /// </summary>
    public WatchSubscription? Subscribe(string resource, long? afterRevision, out ResourceSnapshot snapshot)
    {
        lock (_gate)
        {
            snapshot = Snapshot(resource);
            return _hub.Subscribe(resource, afterRevision ?? snapshot.Revision);
        }
    }

    /// <summary>One resource as it was at a revision, by undoing what came later; null when that is no longer known.</summary>
    public ResourceSnapshot? SnapshotAt(string resource, long revision)
    {
        ResourceSnapshot now;
        IReadOnlyList<StoreChange>? later;
        lock (_gate)
        {
            now = Snapshot(resource);
            later = _hub.ChangesAfter(resource, revision);
        }

        if (later is null || revision > now.Revision)
        {
            return null;
        }

        var objects = now.Objects.ToBuilder();
        for (var i = later.Count - 1; i >= 0; i--)
        {
            if (later[i].Replaced is { } before)
            {
                objects[later[i].Key.Path] = before;
            }
            else
            {
                objects.Remove(later[i].Key.Path);
            }
        }

        return new ResourceSnapshot(revision, objects.ToImmutable());
    }

    /// <summary>
    /// The last revision, once everything up to it has been handed to the watchers: a watcher that finds its queue empty
    /// after this has seen all of it.
    /// </summary>
    public long PublishedRevision()
    {
        lock (_gate)
        {
            return _image.Revision;
        }
    }

    /// <summary>Follows every resource from now on; for the server's own controllers.</summary>
    public WatchSubscription SubscribeAll(out StoreImage image)
    {
        lock (_gate)
        {
            image = _image;
            return _hub.SubscribeAll();
        }
    }

    /// <summary>Forgets the events so far, as the upstream store's compaction does: older watches and pages get 410.</summary>
    public void Compact()
    {
        lock (_gate)
        {
            _hub.Compact(_image.Revision);
        }
    }

    private Task Commit(StoreChange change)
    {
        var resources = _image.Resources;
        var objects = resources.GetValueOrDefault(change.Key.Resource, ResourceSnapshot.Empty);
        objects = change.Current is null
            ? objects.Remove(change.Key.Path)
            : objects.SetItem(change.Key.Path, change.Current);
        var image = new StoreImage(
            change.Revision,
            objects.IsEmpty ? resources.Remove(change.Key.Resource) : resources.SetItem(change.Key.Resource, objects));

        // The log takes the change first: when it refuses (disk full), the store has not moved.
        var durable = _log is null ? Task.CompletedTask : _log.AppendAsync(change, () => image);
        Volatile.Write(ref _image, image);
        _hub.Publish(change);
        return durable;
    }

    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _hub.Close();
        }

        if (_log is not null)
        {
            await _log.DisposeAsync();
        }
    }
}
