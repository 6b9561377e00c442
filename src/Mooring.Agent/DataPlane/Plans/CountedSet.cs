using System.Collections.Immutable;

namespace Mooring.Agent.DataPlane.Plans;

/// <summary>A sorted set whose elements stay for as long as somebody needs them.</summary>
internal sealed class CountedSet
{
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);

    public ImmutableSortedSet<string> Elements { get; private set; } = TablePlan.Set();

    /// <summary>Each element of <paramref name="gone"/> is needed once less, each of <paramref name="come"/> once more.</summary>
    /// <param name="touched">Gets the elements that went or came.</param>
    public void Change(IReadOnlyCollection<string> gone, IReadOnlyCollection<string> come, HashSet<string> touched)
    {
        var elements = Elements.ToBuilder();
        foreach (var element in come)
        {
            _counts[element] = _counts.GetValueOrDefault(element) + 1;
            if (elements.Add(element))
            {
                touched.Add(element);
            }
        }

        foreach (var element in gone)
        {
            if (--_counts[element] == 0)
            {
                _counts.Remove(element);
                elements.Remove(element);
                touched.Add(element);
            }
        }

        Elements = elements.ToImmutable();
    }
}
