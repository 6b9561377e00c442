using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Mooring.Core.DataPlane;

namespace Mooring.Core.Balancing;

/// <summary>Slots for taking turns: one a backend, or as many as its share of the weights, spread evenly.</summary>
public static class WeightedRotation
{
    /// <summary>Largest number of slots; finer shares are rounded to it.</summary>
    public const int MaxSlots = 1021;

    /// <summary>One slot per backend in order.</summary>
    public static SlotTable Even(int backends) => new([.. Enumerable.Range(0, backends)]);

    /// <summary>
    /// Smooth weighted round robin as nginx does it: of 5, 1, 1 come a a b a c a a, never five in a row.
    /// </summary>
    public static SlotTable Weighted(ImmutableArray<ForwardedBackend> backends)
    {
        if (backends.IsEmpty)
        {
            return SlotTable.Empty;
        }

        var weights = Shares(backends);
        var total = weights.Sum();
        var current = new long[weights.Length];
        var slots = new int[total];
        for (var slot = 0; slot < slots.Length; slot++)
        {
            var best = 0;
            for (var i = 0; i < weights.Length; i++)
            {
                current[i] += weights[i];
                if (current[i] > current[best])
                {
                    best = i;
                }
            }

            current[best] -= total;
            slots[slot] = best;
        }

        return new SlotTable(ImmutableCollectionsMarshal.AsImmutableArray(slots));
    }

    /// <summary>Weights divided by their greatest common divisor and, if still too many, scaled down, none to zero.</summary>
    private static int[] Shares(ImmutableArray<ForwardedBackend> backends)
    {
        var divisor = 0;
        long total = 0;
        foreach (var backend in backends)
        {
            divisor = GreatestCommonDivisor(divisor, backend.Weight);
            total += backend.Weight;
        }

        var room = Math.Max(MaxSlots, backends.Length);
        if (total / divisor <= room)
        {
            return [.. backends.Select(backend => backend.Weight / divisor)];
        }

        return [.. backends.Select(backend => (int)Math.Max(1, (long)backend.Weight * room / total))];
    }

    private static int GreatestCommonDivisor(int a, int b)
    {
        while (b != 0)
        {
            (a, b) = (b, a % b);
        }

        return a;
    }
}
