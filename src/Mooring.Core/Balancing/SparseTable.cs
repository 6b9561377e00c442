using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.InteropServices;
using Mooring.Core.DataPlane;

namespace Mooring.Core.Balancing;

/// <summary>
/// A Maglev table that is left mostly empty: each backend takes one slot of its sequence, and a flow whose slot is empty
/// hashes again with the next seed, until it meets a slot that is taken. So a service has about as many slots filled as it has
/// backends, their shares are equal, and a backend that goes leaves the flows of the others alone. The idea is DxHash's (Dong
/// and Wang, 2021); docs/slots.md is the specification.
/// </summary>
public static class SparseTable
{
    /// <summary>A flow looks so often; then it takes the slot behind the last.</summary>
    public const int Tries = 32;

    public const int Largest = 65_536;

    private const int Smallest = 16;

    /// <summary>Backends times this is the least number of slots of a table that begins, in halves.</summary>
    private const int HalvesPerBackend = 5;

    /// <summary>A table is too empty with fewer backends than one for as many slots: flows would look for too long.</summary>
    private const int MostSlotsPerBackend = 8;

    /// <summary>Backends of one weight, few enough for a table.</summary>
    public static bool Fits(ImmutableArray<ForwardedBackend> backends)
    {
        if (backends.Length is 0 or > Largest * 2 / HalvesPerBackend)
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
    /// Of a table that begins: a power of two with 2.5 slots a backend, 16 or more. With fewer, backends of a table that does not follow
    /// from another would be in each other's way; with more, flows would look for longer.
    /// </summary>
    public static int SizeFor(int backends) =>
        (int)Math.Max(BitOperations.RoundUpToPowerOf2(((uint)backends * HalvesPerBackend / 2) + 1), Smallest);

    /// <summary>A table of so many slots does for the backends: an eighth to three quarters of it are taken.</summary>
    public static bool Serves(int size, int backends) => !IsTooEmpty(size, backends) && backends * 4 <= size * 3;

    /// <inheritdoc cref="MostSlotsPerBackend"/>
    public static bool IsTooEmpty(int size, int backends) => backends * MostSlotsPerBackend < size;

    /// <summary>The slot of each backend: those that have one keep it, the others take theirs in turn.</summary>
    /// <param name="backends">In their sorted order.</param>
    /// <param name="before">By backend, its slot; -1 for none.</param>
    /// <param name="size">Slots of the table.</param>
    public static int[] Place(ImmutableArray<ForwardedBackend> backends, ReadOnlySpan<int> before, int size)
    {
        var slots = MaglevTable.Empty(size);
        for (var i = 0; i < before.Length; i++)
        {
            if (before[i] >= 0)
            {
                slots[before[i]] = i;
            }
        }

        var due = new int[backends.Length];
        Array.Fill(due, 1);
        MaglevTable.Fill(slots, backends, due);
        var places = new int[backends.Length];
        for (var slot = 0; slot < size; slot++)
        {
            if (slots[slot] >= 0)
            {
                places[slots[slot]] = slot;
            }
        }

        return places;
    }

    /// <summary>Of backends alone, two or more of them.</summary>
    public static SlotTable Build(ImmutableArray<ForwardedBackend> backends)
    {
        var size = SizeFor(backends.Length);
        return Build(backends, Place(backends, [], size), size);
    }

    /// <summary>
    /// So many slots, -1 where one is empty, and behind them one for the flows that met only empty ones: the backend with
    /// the smallest number, so that it seldom changes.
    /// </summary>
    /// <param name="backends">Two or more.</param>
    /// <param name="places">By backend, its slot.</param>
    /// <param name="size">Slots of the table.</param>
    public static SlotTable Build(ImmutableArray<ForwardedBackend> backends, ReadOnlySpan<int> places, int size)
    {
        var slots = new int[size + 1];
        Array.Fill(slots, -1);
        var (last, smallest) = (0, ulong.MaxValue);
        for (var i = 0; i < backends.Length; i++)
        {
            slots[places[i]] = i;
            var number = MaglevTable.NumberOf(backends[i]);
            (last, smallest) = number < smallest ? (i, number) : (last, smallest);
        }

        slots[size] = last;
        return new SlotTable(ImmutableCollectionsMarshal.AsImmutableArray(slots));
    }

    /// <summary>The slot of a flow.</summary>
    /// <param name="table">What <see cref="Build(ImmutableArray{ForwardedBackend})"/> made.</param>
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
}
