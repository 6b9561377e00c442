using System.Collections.Immutable;
using System.Numerics;
using Mooring.Core.DataPlane;

namespace Mooring.Core.Balancing;

/// <summary>
/// A Maglev table that is left mostly empty: each backend takes a few slots of its sequence, and a flow whose slot is empty
/// hashes again with the next seed, until it meets a slot that is taken. So a service has about as many slots filled as it has
/// backends, their shares are equal, and a backend that goes leaves the slots of the others alone, but for the few that
/// had to make way for it. The idea is DxHash's (Dong and Wang, 2021); docs/slots.md is the specification.
/// </summary>
public static class SparseTable
{
    /// <summary>A flow looks so often; then it takes the slot behind the last.</summary>
    public const int Tries = 32;

    private const int Few = 4;
    private const int SmallestOfFew = 64;
    private const int Smallest = 32;
    private const int Largest = 65_536;

    /// <summary>Backends times this is the least number of slots, in halves.</summary>
    private const int HalvesPerBackend = 5;

    /// <summary>Backends of one weight, more than one of them.</summary>
    public static bool Fits(ImmutableArray<ForwardedBackend> backends)
    {
        if (backends.Length is < 2 or > Largest * 2 / HalvesPerBackend)
        {
            return false;
        }

        foreach (var backend in backends)
        {
            if (backend.Weight != backends[0].Weight)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// A power of two with 2.5 slots a backend, 32 or more, and 64 for up to four: with fewer, more backends would be in
    /// each other's way, with more, flows would look for longer.
    /// </summary>
    public static int SizeFor(int backends) => backends <= Few
        ? SmallestOfFew
        : (int)Math.Max(BitOperations.RoundUpToPowerOf2(((uint)backends * HalvesPerBackend / 2) + 1), Smallest);

    /// <summary>
    /// <see cref="SizeFor"/> slots, -1 where one is empty, and behind them one for the flows that met only empty ones: the
    /// backend with the smallest number, so that it seldom changes.
    /// </summary>
    public static SlotTable Build(ImmutableArray<ForwardedBackend> backends)
    {
        var table = MaglevTable.Fill(backends, SizeFor(backends.Length), backends.Length * Turns(backends.Length));
        var last = 0;
        for (var i = 1; i < backends.Length; i++)
        {
            last = MaglevTable.NumberOf(backends[i]) < MaglevTable.NumberOf(backends[last]) ? i : last;
        }

        return new SlotTable(table.Backends.Add(last));
    }

    /// <summary>The slot of a flow.</summary>
    /// <param name="table">What <see cref="Build"/> made.</param>
    /// <param name="slot">Slot by number of slots and seed, as <see cref="SlotHash"/> has it.</param>
    public static int Find(SlotTable table, Func<int, uint, int> slot)
    {
        var size = table.Size - 1;
        for (var attempt = 0u; attempt < Tries; attempt++)
        {
            var found = slot(size, SlotHash.Seed + attempt);
            if (table.Backends[found] >= 0)
            {
                return found;
            }
        }

        return size;
    }

    /// <summary>Slots of a backend: several where there are few, so that flows do not look for long.</summary>
    private static int Turns(int backends) => backends <= Few ? 4 : 1;
}
