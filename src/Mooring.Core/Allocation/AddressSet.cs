using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace Mooring.Core.Allocation;

/// <summary>A set of addresses as sorted ranges that do not touch: its size costs nothing.</summary>
public sealed class AddressSet
{
    public static readonly AddressSet Empty = new([]);

    private AddressSet(ImmutableArray<AddressRange> ranges) => Ranges = ranges;

    public ImmutableArray<AddressRange> Ranges { get; }

    public static AddressSet Of(IEnumerable<AddressRange> ranges)
    {
        var merged = ImmutableArray.CreateBuilder<AddressRange>();
        foreach (var range in ranges.Order())
        {
            if (merged.Count > 0 && merged[^1] is var last && last.Family == range.Family
                && (last.Last == UInt128.MaxValue || range.First <= last.Last + 1))
            {
                merged[^1] = last with { Last = UInt128.Max(last.Last, range.Last) };
            }
            else
            {
                merged.Add(range);
            }
        }

        return new AddressSet(merged.ToImmutable());
    }

    public bool Has(AddressFamily family) => Ranges.Any(range => range.Family == family);

    public bool Contains(IPAddress address)
    {
        var wanted = AddressRange.Of(address);
        var at = Ranges.BinarySearch(wanted);
        return at >= 0 || (~at > 0 && Ranges[~at - 1].Contains(address));
    }

    /// <summary>Number of addresses, at most the largest number there is.</summary>
    public UInt128 Count(bool avoidBuggy = false)
    {
        var count = UInt128.Zero;
        foreach (var range in Ranges)
        {
            var more = range.Count - (avoidBuggy ? BuggyAddresses.Count(range) : 0);
            count = UInt128.MaxValue - count < more ? UInt128.MaxValue : count + more;
        }

        return count;
    }

    /// <summary>The first range of each that overlap, or null.</summary>
    public (AddressRange Own, AddressRange Other)? FirstOverlap(AddressSet other)
    {
        var (mine, theirs) = (0, 0);
        while (mine < Ranges.Length && theirs < other.Ranges.Length)
        {
            var (left, right) = (Ranges[mine], other.Ranges[theirs]);
            if (left.Overlaps(right))
            {
                return (left, right);
            }

            if (left < right)
            {
                mine++;
            }
            else
            {
                theirs++;
            }
        }

        return null;
    }
}
