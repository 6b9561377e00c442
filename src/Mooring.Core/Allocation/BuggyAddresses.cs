using System.Net.Sockets;

namespace Mooring.Core.Allocation;

/// <summary>IPv4 addresses that end in .0 or .255, which some old equipment takes for networks and broadcasts.</summary>
internal static class BuggyAddresses
{
    public static bool Contains(AddressFamily family, UInt128 number) =>
        family == AddressFamily.InterNetwork && ((uint)number & 255) is 0 or 255;

    public static UInt128 Count(AddressRange range)
    {
        if (range.Family != AddressFamily.InterNetwork)
        {
            return 0;
        }

        // Of every 256 addresses from 0 on: the first, and the last.
        var zeros = (range.Last >> 8) + 1 - ((range.First + 255) >> 8);
        var ends = ((range.Last + 1) >> 8) - (range.First >> 8);
        return zeros + ends;
    }
}
