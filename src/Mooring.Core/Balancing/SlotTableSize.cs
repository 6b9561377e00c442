namespace Mooring.Core.Balancing;

/// <summary>
/// Chooses the number of slots of a Maglev table from a short list, so that few different sizes are in use and ten
/// thousand small pools stay cheap.
/// </summary>
public static class SlotTableSize
{
    /// <summary>Slots per backend that keep shares within a few percent of even (Maglev, NSDI 2016, section 5.3).</summary>
    private const int SlotsPerBackend = 25;

    private static readonly int[] Primes = [61, 127, 251, 509, 1021, 2039, 4093, 8191, 16381, 32749, 65521];

    /// <summary>Smallest listed prime with at least 25 slots a backend, the largest one beyond 2,620 backends; 1 for a single backend.</summary>
    public static int For(int backends)
    {
        if (backends <= 1)
        {
            return backends;
        }

        foreach (var prime in Primes)
        {
            if (prime >= backends * SlotsPerBackend)
            {
                return prime;
            }
        }

        return Primes[^1];
    }
}
