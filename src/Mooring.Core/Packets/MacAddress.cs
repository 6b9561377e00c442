using System.Net.NetworkInformation;

namespace Mooring.Core.Packets;

/// <summary>A 48-bit Ethernet address as a value, so that the packet path allocates nothing.</summary>
/// <param name="Value">The six bytes in the low 48 bits, first byte on the wire highest.</param>
public readonly record struct MacAddress(ulong Value)
{
    /// <summary>Bytes on the wire.</summary>
    public const int Length = 6;

    public static readonly MacAddress Broadcast = new(0xFFFF_FFFF_FFFF);

    /// <summary>An address that one machine may have: neither a group (IEEE 802 I/G bit) nor all zeros.</summary>
    public bool IsUnicast => Value != 0 && (Value & 0x0100_0000_0000) == 0;

    /// <exception cref="ArgumentException">The address is not six bytes long.</exception>
    public static MacAddress From(PhysicalAddress address)
    {
        var bytes = address.GetAddressBytes();
        return bytes.Length == Length
            ? Read(bytes)
            : throw new ArgumentException($"an Ethernet address has 6 bytes, this has {bytes.Length}", nameof(address));
    }

    /// <summary>Reads the first six bytes of <paramref name="source"/>.</summary>
    public static MacAddress Read(ReadOnlySpan<byte> source)
        => new(((ulong)source[0] << 40) | ((ulong)source[1] << 32) | ((ulong)source[2] << 24)
            | ((ulong)source[3] << 16) | ((ulong)source[4] << 8) | source[5]);

    public void Write(Span<byte> destination)
    {
        destination[5] = (byte)Value; // first, so that one bounds check covers all
        destination[4] = (byte)(Value >> 8);
        destination[3] = (byte)(Value >> 16);
        destination[2] = (byte)(Value >> 24);
        destination[1] = (byte)(Value >> 32);
        destination[0] = (byte)(Value >> 40);
    }

    public PhysicalAddress ToPhysicalAddress()
    {
        var bytes = new byte[Length];
        Write(bytes);
        return new PhysicalAddress(bytes);
    }

    public override string ToString()
    {
        var digits = Value.ToString("x12");
        return string.Create(17, digits, static (text, hex) =>
        {
            text.Fill(':');
            for (var i = 0; i < Length; i++)
            {
                hex.AsSpan(i * 2, 2).CopyTo(text[(i * 3)..]);
            }
        });
    }
}
