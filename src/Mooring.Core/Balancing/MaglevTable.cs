using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.InteropServices;
using Mooring.Core.DataPlane;

namespace Mooring.Core.Balancing;

/// <summary>
/// Maglev hashing (Eisenbud et al., NSDI 2016, section 3.4): in rounds, each backend takes the next slot of a sequence of its own,
/// until it has what it is due. A table can begin empty, or from an older one, of which only moves what has to.
/// </summary>
public static class MaglevTable
{
    /// <summary>
    /// Fills <paramref name="size"/> slots, a power of two, for <paramref name="backends"/> in their sorted order. The paper
    /// takes a prime so that any step meets every slot; with a power of two any odd step does.
    /// </summary>
    public static SlotTable Build(ImmutableArray<ForwardedBackend> backends, int size)
    {
        if (backends.IsEmpty)
        {
            return SlotTable.Empty;
        }

        var slots = Empty(size);
        Fill(slots, backends, SlotShares.Of(backends, size));
        return new SlotTable(ImmutableCollectionsMarshal.AsImmutableArray(slots));
    }

    internal static int[] Empty(int size)
    {
        var slots = new int[size];
        Array.Fill(slots, -1);
        return slots;
    }

    /// <summary>
    /// Gives each backend that has fewer slots than <paramref name="due"/> what it lacks: empty ones, and those of backends that
    /// have more.
    /// </summary>
    /// <param name="slots">By slot, the index of its backend; -1 for an empty one.</param>
    /// <param name="backends">In their sorted order.</param>
    /// <param name="due">By backend; all together no more than there are slots.</param>
    internal static void Fill(int[] slots, ImmutableArray<ForwardedBackend> backends, ReadOnlySpan<int> due)
    {
        if (!BitOperations.IsPow2(slots.Length))
        {
            throw new ArgumentOutOfRangeException(nameof(slots), slots.Length, "is no power of two");
        }

        var held = Held(slots, backends.Length);
        var lacking = new List<int>();
        var sequences = new Permutation[backends.Length];
        for (var i = 0; i < backends.Length; i++)
        {
            if (held[i] < due[i])
            {
                lacking.Add(i);
                sequences[i] = Permutation.Of(backends[i], slots.Length);
            }
        }

        while (lacking.Count > 0)
        {
            var still = 0;
            for (var turn = 0; turn < lacking.Count; turn++)
            {
                // A slot that was passed over stays taken: nobody who has no more than its due gives one away.
                var i = lacking[turn];
                int slot;
                do
                {
                    slot = sequences[i].Next();
                }
                while (slots[slot] >= 0 && held[slots[slot]] <= due[slots[slot]]);

                if (slots[slot] >= 0)
                {
                    held[slots[slot]]--;
                }

                slots[slot] = i;
                if (++held[i] < due[i])
                {
                    lacking[still++] = i;
                }
            }

            lacking.RemoveRange(still, lacking.Count - still);
        }
    }

    /// <summary>By backend, how many slots it has.</summary>
    internal static int[] Held(int[] slots, int backends)
    {
        var held = new int[backends];
        foreach (var owner in slots)
        {
            if (owner >= 0)
            {
                held[owner]++;
            }
        }

        return held;
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

        public int Next()
        {
            var slot = _next;
            _next = (_next + skip) & (size - 1);
            return slot;
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
    }
}
