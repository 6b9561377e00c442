using System.Collections.Immutable;
using Mooring.Core.DataPlane;

namespace Mooring.Core.Balancing;

/// <summary>How many slots of a full table each endpoint is due: its share by weight, rounded down or up.</summary>
internal static class SlotShares
{
    /// <param name="backends">At least one, of weights above 0.</param>
    /// <param name="size">Slots of the table.</param>
    /// <param name="held">What each has; one that has its share rounded up keeps that before others get it.</param>
    public static int[] Of(ImmutableArray<ForwardedBackend> backends, int size, ReadOnlySpan<int> held = default)
    {
        var total = backends.Sum(backend => (long)backend.Weight);
        var due = new int[backends.Length];
        var roundedUp = new (bool Held, long Remainder, int Index)[backends.Length];
        var left = size;
        for (var i = 0; i < due.Length; i++)
        {
            var (whole, remainder) = Math.DivRem((long)size * backends[i].Weight, total);
            due[i] = (int)whole;
            left -= due[i];
            roundedUp[i] = (remainder > 0 && !held.IsEmpty && held[i] > whole, remainder, i);
        }

        Array.Sort(roundedUp, static (one, other) =>
            other.Held.CompareTo(one.Held) is var byHeld and not 0 ? byHeld
            : other.Remainder.CompareTo(one.Remainder) is var byRemainder and not 0 ? byRemainder
            : one.Index.CompareTo(other.Index));
        for (var i = 0; i < left; i++)
        {
            due[roundedUp[i].Index]++;
        }

        return due;
    }
}
