using System.Collections.Immutable;

namespace Mooring.Core.Snapshots;

/// <summary>
/// In which backend sets two snapshots differ: sets that did not change are mostly the same instances, so that one change among ten
/// thousand sets is found by comparing references.
/// </summary>
/// <param name="Before">Of the first, without those that are in the second as well.</param>
/// <param name="Now">Of the second, without those that are in the first as well.</param>
public sealed record BackendSetChanges(IReadOnlyList<BackendSet> Before, IReadOnlyList<BackendSet> Now)
{
    public static BackendSetChanges Between(ImmutableArray<BackendSet> before, ImmutableArray<BackendSet> now)
    {
        if (before == now)
        {
            return new BackendSetChanges([], []);
        }

        if (before.Length != now.Length)
        {
            var (left, right) = (before.ToHashSet(ReferenceEqualityComparer.Instance), now.ToHashSet(ReferenceEqualityComparer.Instance));
            return new BackendSetChanges([.. before.Where(set => !right.Contains(set))], [.. now.Where(set => !left.Contains(set))]);
        }

        var (gone, come) = (new List<BackendSet>(), new List<BackendSet>());
        for (var i = 0; i < now.Length; i++)
        {
            if (!ReferenceEquals(before[i], now[i]))
            {
                gone.Add(before[i]);
                come.Add(now[i]);
            }
        }

        return new BackendSetChanges(gone, come);
    }

    /// <summary>What <paramref name="select"/> takes of the sets, their ids among it, is not what it was.</summary>
    public bool Alter<T>(Func<BackendSet, T> select) => !Before.Select(select).SequenceEqual(Now.Select(select));
}
