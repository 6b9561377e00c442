using Mooring.Sandbox.KubeApi.Storage;

namespace Mooring.Sandbox.KubeApi.Lifecycle;

/// <summary>Who owns whom, by uid, kept up to date from the store's changes.</summary>
internal sealed class OwnerGraph
{
    private static readonly HashSet<ObjectKey> NoDependents = [];

    private readonly Dictionary<string, ObjectKey> _objects = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<ObjectKey>> _dependents = new(StringComparer.Ordinal);

    public ObjectKey? Find(string uid) => _objects.TryGetValue(uid, out var key) ? key : null;

    public IReadOnlyCollection<ObjectKey> DependentsOf(string uid) => _dependents.GetValueOrDefault(uid, NoDependents);

    public void Add(StoredObject stored)
    {
        _objects[stored.Uid] = stored.Key;
        foreach (var owner in stored.Owners)
        {
            if (!_dependents.TryGetValue(owner, out var dependents))
            {
                _dependents[owner] = dependents = [];
            }

            dependents.Add(stored.Key);
        }
    }

    public void Remove(StoredObject stored, bool gone)
    {
        if (gone)
        {
            _objects.Remove(stored.Uid);
        }

        foreach (var owner in stored.Owners)
        {
            if (_dependents.TryGetValue(owner, out var dependents) && dependents.Remove(stored.Key) && dependents.Count == 0)
            {
                _dependents.Remove(owner);
            }
        }
    }
}
