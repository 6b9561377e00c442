using System.Collections.Immutable;

namespace Mooring.Core.DataPlane;

/// <summary>What one list of a snapshot has and the one before has not. Objects that did not change are the same instances.</summary>
internal static class SnapshotDifference
{
    public static (IReadOnlyCollection<T> Come, HashSet<T> Gone) Between<T>(ImmutableArray<T> before, ImmutableArray<T> now)
        where T : class
    {
        var gone = new HashSet<T>(ReferenceEqualityComparer.Instance);
        if (before == now)
        {
            return ([], gone);
        }

        // What is alike at both ends is most of it, and nothing of it is looked at: memory of ten thousand takes a while to come.
        var (start, end) = (0, 0);
        var shorter = Math.Min(before.Length, now.Length);
        while (start < shorter && ReferenceEquals(before[start], now[start]))
        {
            start++;
        }

        while (end < shorter - start && ReferenceEquals(before[^(end + 1)], now[^(end + 1)]))
        {
            end++;
        }

        gone.UnionWith(before.AsSpan(start, before.Length - end - start).ToArray());
        var come = new List<T>();
        foreach (var one in now.AsSpan(start, now.Length - end - start))
        {
            if (!gone.Remove(one))
            {
                come.Add(one);
            }
        }

        return (come, gone);
    }
}
