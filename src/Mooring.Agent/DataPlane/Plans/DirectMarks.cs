using System.Globalization;
using System.Numerics;

namespace Mooring.Agent.DataPlane.Plans;

/// <summary>
/// Packet marks that carry a flow from one rule to the next within one node: first the service, then the node that the
/// packet goes to. They are taken off before the packet leaves.
/// </summary>
internal static class DirectMarks
{
    /// <summary>0x6d, a bit for ICMP errors, one for hashing by client, four for the size, 18 for the service's number.</summary>
    public const uint Service = 0x6d000000;

    /// <summary>0x6e and the number of the node.</summary>
    public const uint Node = 0x6e000000;

    public const uint KindMask = 0xff000000;
    public const uint IcmpBit = 1 << 23;

    /// <summary>Everything but the number: how the slot is picked.</summary>
    public const uint WayMask = 0xfffc0000;

    public const int MaxServices = (1 << 18) - 1;
    public const uint MaxNode = 0x00ffffff;

    private const uint ClientBit = 1 << 22;
    private const int SizeShift = 18;

    /// <summary>The way of picking among <paramref name="slots"/>, a power of two from 2 to 65,536.</summary>
    public static uint Way(bool client, int slots) =>
        Service | (client ? ClientBit : 0) | ((uint)(BitOperations.Log2((uint)slots) - 1) << SizeShift);

    public static int SizeOf(uint mark) => 2 << (int)((mark >> SizeShift) & 0xf);

    public static bool IsClient(uint mark) => (mark & ClientBit) != 0;

    public static string Text(uint mark) => $"0x{mark:x8}";

    /// <summary>Reads what <see cref="Text"/> wrote.</summary>
    public static uint Parse(ReadOnlySpan<char> text) =>
        uint.Parse(text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
