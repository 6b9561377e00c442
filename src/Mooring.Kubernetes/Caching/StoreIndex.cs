using Mooring.Kubernetes.Runtime;

namespace Mooring.Kubernetes.Caching;

/// <summary>Keys by value. Not safe for use by many at once: the store's lock covers it.</summary>
internal sealed class StoreIndex<T>(Func<T, IEnumerable<string>> values)
{
    private readonly Dictionary<string, HashSet<ObjectKey>> _keys = [];

    public IReadOnlySet<ObjectKey>? Find(string value) => _keys.GetValueOrDefault(value);

    public void Add(ObjectKey key, T entity)
    {
        foreach (var value in values(entity))
        {
            if (!_keys.TryGetValue(value, out var keys))
            {
                _keys[value] = keys = [];
            }

            keys.Add(key);
        }
    }

    public void Remove(ObjectKey key, T entity)
    {
        foreach (var value in values(entity))
        {
            if (_keys.TryGetValue(value, out var keys) && keys.Remove(key) && keys.Count == 0)
            {
                _keys.Remove(value);
            }
        }
    }
}
