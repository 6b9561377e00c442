using System.Diagnostics.CodeAnalysis;

namespace Mooring.Kubernetes.Events;

/// <summary>The most recently used entries, up to a number. For one thread.</summary>
internal sealed class LruCache<TKey, TValue>(int capacity)
    where TKey : notnull
{
    private readonly Dictionary<TKey, LinkedListNode<KeyValuePair<TKey, TValue>>> _entries = [];
    private readonly LinkedList<KeyValuePair<TKey, TValue>> _order = [];

    public int Count => _entries.Count;

    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        if (!_entries.TryGetValue(key, out var node))
        {
            value = default;
            return false;
        }

        _order.Remove(node);
        _order.AddFirst(node);
        value = node.Value.Value;
        return true;
    }

    public void Set(TKey key, TValue value)
    {
        Remove(key);
        _entries[key] = _order.AddFirst(KeyValuePair.Create(key, value));
        if (_entries.Count > capacity)
        {
            _entries.Remove(_order.Last!.Value.Key);
            _order.RemoveLast();
        }
    }

    public void Remove(TKey key)
    {
        if (_entries.Remove(key, out var node))
        {
            _order.Remove(node);
        }
    }
}
