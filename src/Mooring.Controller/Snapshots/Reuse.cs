using System.Diagnostics.CodeAnalysis;

namespace Mooring.Controller.Snapshots;

/// <summary>
/// Values that one build leaves to the next. What is still right is handed out as the same instance, which spares the work
/// and lets those who come later see by the reference that nothing changed.
/// </summary>
internal sealed class Reuse<TKey, TValue>(IEqualityComparer<TKey>? comparer = null)
    where TKey : notnull
    where TValue : class
{
    private Dictionary<TKey, TValue> _last = new(comparer);
    private Dictionary<TKey, TValue> _now = new(comparer);

    public bool TryGetLast(TKey key, [NotNullWhen(true)] out TValue? value) => _last.TryGetValue(key, out value);

    /// <returns>The value given, for the next build to find.</returns>
    public TValue Keep(TKey key, TValue value) => _now[key] = value;

    /// <summary>The value of the last build when it is the same as this one.</summary>
    public TValue Share(TKey key, TValue value, Func<TValue, TValue, bool> same) =>
        Keep(key, _last.TryGetValue(key, out var last) && (ReferenceEquals(last, value) || same(last, value)) ? last : value);

    /// <summary>Ends a build: what it did not use is forgotten.</summary>
    public void Turn() => (_last, _now) = (_now, new Dictionary<TKey, TValue>(_now.Count, comparer));
}
