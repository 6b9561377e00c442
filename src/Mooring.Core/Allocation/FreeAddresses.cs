using System.Net;
using System.Net.Sockets;

namespace Mooring.Core.Allocation;

/// <summary>What is left of a set. Taking an address costs the logarithm of the number of gaps.</summary>
public sealed class FreeAddresses
{
    private readonly SortedSet<AddressRange> _ranges = [];

    /// <param name="all">The set.</param>
    /// <param name="taken">Addresses that are not free; those outside the set do not matter.</param>
    public FreeAddresses(AddressSet all, IEnumerable<IPAddress> taken)
    {
        ArgumentNullException.ThrowIfNull(all);
        _ranges.UnionWith(all.Ranges);
        foreach (var address in taken)
        {
            Take(address);
        }
    }

    /// <summary>Takes one address if it is free.</summary>
    public bool Take(IPAddress address)
    {
        var single = AddressRange.Of(address);
        var from = new AddressRange(AddressFamily.InterNetwork, 0, 0);
        if (_ranges.Count == 0 || single < from)
        {
            return false;
        }

        var before = _ranges.GetViewBetween(from, single).Max;
        if (before == default || !before.Contains(address))
        {
            return false;
        }

        _ranges.Remove(before);
        if (before.First < single.First)
        {
            _ranges.Add(before with { Last = single.First - 1 });
        }

        if (before.Last > single.First)
        {
            _ranges.Add(before with { First = single.First + 1 });
        }

        return true;
    }

    /// <summary>Takes the lowest free address of a family, or gives null.</summary>
    public IPAddress? TakeLowest(AddressFamily family, bool avoidBuggy)
    {
        foreach (var range in _ranges)
        {
            if (range.Family != family)
            {
                continue;
            }

            // Two such addresses follow each other at most.
            for (var number = range.First; number <= range.Last; number++)
            {
                if (!avoidBuggy || !BuggyAddresses.Contains(family, number))
                {
                    var address = AddressNumber.ToAddress(family, number);
                    Take(address);
                    return address;
                }

                if (number == UInt128.MaxValue)
                {
                    break;
                }
            }
        }

        return null;
    }
}
