using System.Net;
using System.Text;

namespace Mooring.Core.Placement;

/// <summary>
/// Weighted rendezvous hashing: every (address, node) pair has a score of its own, so a node that comes or goes moves
/// only the addresses it wins or held. The hash is fixed: FNV-1a over address and name, finished by MurmurHash3's mixer.
/// </summary>
internal static class RendezvousHash
{
    private const ulong FnvOffset = 14695981039346656037;
    private const ulong FnvPrime = 1099511628211;

    /// <summary>Larger is better. Nodes win in proportion to their weights (Thaler and Ravishankar; Schindelhauer).</summary>
    public static double Score(IPAddress address, string node, int weight)
    {
        var hash = FnvOffset;
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        foreach (var b in bytes[..length])
        {
            hash = (hash ^ b) * FnvPrime;
        }

        foreach (var b in Encoding.UTF8.GetBytes(node))
        {
            hash = (hash ^ b) * FnvPrime;
        }

        hash ^= hash >> 33;
        hash *= 0xff51afd7ed558ccd;
        hash ^= hash >> 33;
        hash *= 0xc4ceb9fe1a85ec53;
        hash ^= hash >> 33;

        // 53 bits into (0, 1), both ends excluded.
        var unit = ((hash >> 11) + 0.5) / (1UL << 53);
        return -Math.Max(1, weight) / Math.Log(unit);
    }
}
