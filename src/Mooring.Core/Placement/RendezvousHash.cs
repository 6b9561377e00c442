using System.Net;

namespace Mooring.Core.Placement;

/// <summary>
/// Weighted rendezvous hashing: every (address, node) pair has a score of its own, so a node that comes or goes moves
/// only the addresses it wins or held. The hash is fixed: FNV-1a over address and name, finished by MurmurHash3's mixer.
/// </summary>
internal static class RendezvousHash
{
    private const ulong FnvOffset = 14695981039346656037;
    private const ulong FnvPrime = 1099511628211;

    /// <summary>The part of the hash that all nodes have in common.</summary>
    public static ulong Seed(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        return Add(FnvOffset, bytes[..length]);
    }

    /// <summary>53 bits, by which nodes of one weight rank as they do by <see cref="Score"/>.</summary>
    /// <param name="seed">Of the address.</param>
    /// <param name="node">Name of the node in UTF-8.</param>
    public static ulong Hash(ulong seed, ReadOnlySpan<byte> node)
    {
        var hash = Add(seed, node);
        hash ^= hash >> 33;
        hash *= 0xff51afd7ed558ccd;
        hash ^= hash >> 33;
        hash *= 0xc4ceb9fe1a85ec53;
        hash ^= hash >> 33;
        return hash >> 11;
    }

    /// <summary>Larger is better. Nodes win in proportion to their weights (Thaler and Ravishankar; Schindelhauer).</summary>
    public static double Score(ulong hash, int weight)
    {
        // Into (0, 1), both ends excluded.
        var unit = (hash + 0.5) / (1UL << 53);
        return -Math.Max(1, weight) / Math.Log(unit);
    }

    private static ulong Add(ulong hash, ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes)
        {
            hash = (hash ^ b) * FnvPrime;
        }

        return hash;
    }
}
