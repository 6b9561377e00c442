using k8s;
using k8s.Models;
using Mooring.Kubernetes.Runtime;

namespace Mooring.Kubernetes.Caching;

/// <summary>Objects and their indexes under one lock, held only for look-ups and copies of references.</summary>
internal sealed class Store<T> : IStore<T>
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectKey, T> _objects = [];
    private readonly Dictionary<string, StoreIndex<T>> _indexes = [];
    private readonly StoreIndex<T> _byNamespace = new(static entity => [entity.Metadata.NamespaceProperty ?? ""]);

    /// <summary>Made when it is asked for; null after a change.</summary>
    private T[]? _list;

    public T? Get(ObjectKey key)
    {
        lock (_lock)
        {
            return _objects.GetValueOrDefault(key);
        }
    }

    public IReadOnlyCollection<T> List()
    {
        lock (_lock)
        {
            return _list ??= [.. _objects.Values];
        }
    }

    public IReadOnlyCollection<T> List(string @namespace)
    {
        lock (_lock)
        {
            return Pick(_byNamespace.Find(@namespace));
        }
    }

    public IReadOnlyCollection<T> ByIndex(string indexName, string value)
    {
        lock (_lock)
        {
            return _indexes.TryGetValue(indexName, out var index)
                ? Pick(index.Find(value))
                : throw new ArgumentException(
                    $"there is no index '{indexName}' of {typeof(T).Name}", nameof(indexName));
        }
    }

    public void AddIndex(string name, Func<T, IEnumerable<string>> values)
    {
        lock (_lock)
        {
            var index = new StoreIndex<T>(values);
            if (!_indexes.TryAdd(name, index))
            {
                throw new ArgumentException($"there is an index '{name}' of {typeof(T).Name} already", nameof(name));
            }

            foreach (var (key, entity) in _objects)
            {
                index.Add(key, entity);
            }
        }
    }

    /// <returns>The object that was there before.</returns>
    public T? Set(ObjectKey key, T entity)
    {
        lock (_lock)
        {
            var old = Take(key);
            _objects[key] = entity;
            _list = null;
            _byNamespace.Add(key, entity);
            foreach (var index in _indexes.Values)
            {
                index.Add(key, entity);
            }

            return old;
        }
    }

    /// <returns>The object that was there.</returns>
    public T? Remove(ObjectKey key)
    {
        lock (_lock)
        {
            return Take(key);
        }
    }

    public ObjectKey[] Keys()
    {
        lock (_lock)
        {
            return [.. _objects.Keys];
        }
    }

    private T? Take(ObjectKey key)
    {
        if (!_objects.Remove(key, out var old))
        {
            return null;
        }

        _list = null;
        _byNamespace.Remove(key, old);
        foreach (var index in _indexes.Values)
        {
            index.Remove(key, old);
        }

        return old;
    }

    private T[] Pick(IReadOnlySet<ObjectKey>? keys) => keys is null ? [] : [.. keys.Select(key => _objects[key])];
}
