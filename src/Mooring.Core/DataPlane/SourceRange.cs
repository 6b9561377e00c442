using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Mooring.Core.Allocation;

namespace Mooring.Core.DataPlane;

/// <summary>Networks whose clients are served.</summary>
public static class SourceRange
{
    /// <summary>Reads "192.0.2.0/24", also with host bits, or a single address.</summary>
    public static bool TryParse(string? text, out IPNetwork network)
    {
        network = default;
        var parts = (text ?? "").Trim().Split('/', 2);
        if (!IPAddress.TryParse(parts[0], out var address) || address.IsIPv4MappedToIPv6)
        {
            return false;
        }

        var bits = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        var length = bits;
        if (parts.Length == 2 && (!int.TryParse(parts[1], out length) || length < 0 || length > bits))
        {
            return false;
        }

        var bytes = address.GetAddressBytes();
        for (var bit = length; bit < bits; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        network = new IPNetwork(new IPAddress(bytes), length);
        return true;
    }

    /// <summary>
    /// Those of the family, without any that another one contains; null when that is every client. A list without one of the family
    /// lets no client of it through.
    /// </summary>
    public static ImmutableArray<IPNetwork>? Of(ImmutableArray<IPNetwork> ranges, AddressFamily family)
    {
        if (ranges.IsEmpty)
        {
            return null;
        }

        var reduced = ImmutableArray.CreateBuilder<IPNetwork>();
        foreach (var range in ranges.Where(range => range.BaseAddress.AddressFamily == family)
            .OrderBy(range => range.PrefixLength).ThenBy(range => AddressNumber.Of(range.BaseAddress)))
        {
            if (range.PrefixLength == 0)
            {
                return null;
            }

            if (!reduced.Any(wider => wider.Contains(range.BaseAddress)))
            {
                reduced.Add(range);
            }
        }

        return reduced.ToImmutable();
    }
}
