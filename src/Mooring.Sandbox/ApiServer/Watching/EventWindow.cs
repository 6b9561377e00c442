using Mooring.Sandbox.KubeApi.Storage;

namespace Mooring.Sandbox.KubeApi.Watching;

/// <summary>The last changes of one resource, bounded, from which a watch with an older revision is caught up.</summary>
internal sealed class EventWindow(int capacity, long floor)
{
    private readonly Queue<StoreChange> _changes = new();

    /// <summary>Changes after this revision are all here; a watch from an earlier one cannot be served.</summary>
    public long Floor { get; private set; } = floor;

    public void Add(StoreChange change)
    {
        if (_changes.Count == capacity)
        {
            Floor = _changes.Dequeue().Revision;
        }

        _changes.Enqueue(change);
    }

    public IEnumerable<StoreChange> After(long revision) => _changes.SkipWhile(c => c.Revision <= revision);

    public void Clear(long revision)
    {
        _changes.Clear();
        Floor = revision;
    }
}
