using System.Numerics;

namespace Mooring.Core.Balancing;

/// <summary>
/// Chooses the number of slots of a Maglev table: powers of two, so that few different sizes are in use, ten thousand small
/// pools stay cheap, and a table can grow while every slot of it is a part of one slot of the smaller one.
/// </summary>
public static class SlotTableSize
{
    private const int Smallest = 64;
    private const int SmallestPublished = 256;
    private const int Largest = 65_536;

    /// <summary>Slots per backend that keep shares within a few percent of even (Maglev, NSDI 2016, section 5.3).</summary>
    private const int SlotsPerBackend = 25;

    /// <summary>
    /// Smallest power of two with at least 25 slots a backend, 64 or more, 65,536 beyond 2,621 backends; 1 for a single
    /// backend, 0 for none.
    /// </summary>
    public static int For(int backends) => backends <= 1
        ? backends
        : (int)Math.Clamp(BitOperations.RoundUpToPowerOf2((uint)backends * SlotsPerBackend), Smallest, Largest);

    /// <summary>
    /// For tables that live connections go by: 256, 1024, 4096, 16,384 or 65,536. Flows move when a table grows, so it does in
    /// large steps.
    /// </summary>
    public static int Published(int backends)
    {
        var size = SmallestPublished;
        while (size < Largest && size < backends * SlotsPerBackend)
        {
            size *= 4;
        }

        return size;
    }
}
