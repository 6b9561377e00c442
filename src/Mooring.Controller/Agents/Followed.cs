using System.Collections.Immutable;

namespace Mooring.Controller.Agents;

/// <summary>
/// An immutable dictionary that follows others which mostly stay as they are: what did not change stays the same instance,
/// the whole included, so that readers see at a glance that nothing did.
/// </summary>
internal sealed class Followed<TKey, TValue>(IEqualityComparer<TKey>? keys = null)
    where TKey : notnull
    where TValue : notnull
{
    public ImmutableDictionary<TKey, TValue> Current { get; private set; } = ImmutableDictionary.Create<TKey, TValue>(keys);

    /// <summary>Takes over all entries of <paramref name="now"/> and no others.</summary>
    public ImmutableDictionary<TKey, TValue> Follow(IEnumerable<KeyValuePair<TKey, TValue>> now)
    {
        var builder = Current.ToBuilder();
        var count = 0;
        foreach (var (key, value) in now)
        {
            Put(builder, key, value);
            count++;
        }

        if (builder.Count != count)
        {
            var kept = now.Select(entry => entry.Key).ToHashSet(keys);
            builder.RemoveRange(builder.Keys.Where(key => !kept.Contains(key)).ToArray());
        }

        return Current = builder.ToImmutable();
    }

    /// <summary>Takes over single entries; one with no value, or with the default one, goes.</summary>
    public ImmutableDictionary<TKey, TValue> Change(IEnumerable<(TKey Key, TValue? Value)> changes)
    {
        var builder = Current.ToBuilder();
        foreach (var (key, value) in changes)
        {
            if (value is null || EqualityComparer<TValue>.Default.Equals(value, default))
            {
                builder.Remove(key);
            }
            else
            {
                Put(builder, key, value);
            }
        }

        return Current = builder.ToImmutable();
    }

    private static void Put(ImmutableDictionary<TKey, TValue>.Builder builder, TKey key, TValue value)
    {
        if (!builder.TryGetValue(key, out var known) || !EqualityComparer<TValue>.Default.Equals(known, value))
        {
            builder[key] = value;
        }
    }
}
