using System.Collections.Immutable;

namespace Mooring.Linux.PacketSockets;

/// <summary>
/// Addresses as a few ranges, for a program in the kernel that is run on every frame: exact while they are few or lie
/// close together, a little wider past that. Whoever takes the frames looks the address up.
/// </summary>
internal static class AddressRanges
{
    /// <summary>
    /// The program grows by three instructions a range, and an old and a new one must fit net.core.optmem_max together
    /// (20 KiB before Linux 6.7).
    /// </summary>
    public const int Max = 64;

    /// <summary>At most <see cref="Max"/> ranges that hold every address; the widest gaps stay outside.</summary>
    /// <param name="addresses">In host byte order, in any order.</param>
    public static ImmutableArray<(uint First, uint Last)> Cover(IEnumerable<uint> addresses)
    {
        uint[] sorted = [.. addresses.Distinct().Order()];
        if (sorted.Length == 0)
        {
            return [];
        }

        // A gap is what lies between an address and the next one. Those next to each other have none.
        var cuts = Enumerable.Range(1, sorted.Length - 1)
            .Where(i => sorted[i] - sorted[i - 1] > 1)
            .OrderByDescending(i => sorted[i] - sorted[i - 1])
            .Take(Max - 1)
            .Order();
        var ranges = ImmutableArray.CreateBuilder<(uint First, uint Last)>();
        var from = 0;
        foreach (var cut in cuts)
        {
            ranges.Add((sorted[from], sorted[cut - 1]));
            from = cut;
        }

        ranges.Add((sorted[from], sorted[^1]));
        return ranges.ToImmutable();
    }
}
