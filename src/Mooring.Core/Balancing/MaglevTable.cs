using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.InteropServices;
using Mooring.Core.DataPlane;

namespace Mooring.Core.Balancing;

/// <summary>
/// Maglev hashing (Eisenbud et al., NSDI 2016, section 3.4): each backend fills its own permutation of the slots in
/// turn, a backend of weight w taking w turns for every turn of weight 1 in proportion to the largest weight. The table
/// depends only on the set of backends, so every node computes the same one.
/// </summary>
public static class MaglevTable
{
    /// <summary>
    /// Fills <paramref name="size"/> slots, a power of two, for <paramref name="backends"/> in their sorted order. The paper
    /// takes a prime so that any step meets every slot; with a power of two any odd step does.
    /// </summary>
    public static SlotTable Build(ImmutableArray<ForwardedBackend> backends, int size) => Fill(backends, size, size);

    /// <summary>Ends when so many slots are filled; the others are -1.</summary>
    internal static SlotTable Fill(ImmutableArray<ForwardedBackend> backends, int size, int enough)
    {
        if (backends.IsEmpty)
        {
            return SlotTable.Empty;
        }

        if (!BitOperations.IsPow2(size))
        {
            throw new ArgumentOutOfRangeException(nameof(size), size, "is no power of two");
        }

        var slots = new int[size];
        Array.Fill(slots, -1);
        var permutations = new Permutation[backends.Length];
        var heaviest = 1;
        for (var i = 0; i < backends.Length; i++)
        {
            permutations[i] = Permutation.Of(backends[i], size);
            heaviest = Math.Max(heaviest, backends[i].Weight);
        }

        var credit = new int[backends.Length];
        for (var filled = 0; ;)
        {
            for (var i = 0; i < backends.Length; i++)
            {
                // Credit grows by the weight each round; a turn costs the largest weight.
                credit[i] += backends[i].Weight;
                if (credit[i] < heaviest)
                {
                    continue;
                }

                credit[i] -= heaviest;
                slots[permutations[i].NextFree(slots)] = i;
                if (++filled == enough)
                {
                    return new SlotTable(ImmutableCollectionsMarshal.AsImmutableArray(slots));
                }
            }
        }
    }

    /// <summary>A number of the backend that no other has, but for chance.</summary>
    internal static ulong NumberOf(ForwardedBackend backend)
    {
        Span<byte> key = stackalloc byte[18];
        return Permutation.Fnv1A(Permutation.Key(backend, key), Permutation.OffsetSeed);
    }

    /// <summary>offset, offset + skip, offset + 2 × skip … modulo the size; an odd skip meets every slot.</summary>
    private struct Permutation(int offset, int skip, int size)
    {
        private int _next = offset;

        public static Permutation Of(ForwardedBackend backend, int size)
        {
            Span<byte> bytes = stackalloc byte[18];
            var key = Key(backend, bytes);
            return new Permutation(
                (int)(Fnv1A(key, OffsetSeed) % (ulong)size),
                (int)(Fnv1A(key, SkipSeed) % (ulong)size) | 1,
                size);
        }

        /// <summary>Address and port in network order.</summary>
        public static ReadOnlySpan<byte> Key(ForwardedBackend backend, Span<byte> bytes)
        {
            backend.Address.TryWriteBytes(bytes, out var length);
            bytes[length] = (byte)(backend.Port >> 8);
            bytes[length + 1] = (byte)backend.Port;
            return bytes[..(length + 2)];
        }

        public int NextFree(int[] slots)
        {
            while (slots[_next] >= 0)
            {
                Advance();
            }

            var free = _next;
            Advance();
            return free;
        }

        public const ulong OffsetSeed = 0xcbf29ce484222325;
        private const ulong SkipSeed = 0x6d6f6f72696e6721;

        public static ulong Fnv1A(ReadOnlySpan<byte> key, ulong seed)
        {
            var hash = seed;
            foreach (var value in key)
            {
                hash = unchecked((hash ^ value) * 0x100000001b3);
            }

            // FNV leaves the high bits of short keys poor; this finalizer (MurmurHash3 fmix64) spreads them.
            hash = unchecked((hash ^ (hash >> 33)) * 0xff51afd7ed558ccd);
            hash = unchecked((hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53);
            return hash ^ (hash >> 33);
        }

        private void Advance()
        {
            _next += skip;
            _next &= size - 1;
        }
    }
}
