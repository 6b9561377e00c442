using System.Buffers.Binary;

namespace Mooring.Core.Packets;

/// <summary>The one's complement checksum of IPv4 and ICMP (RFC 1071), and with a pseudo-header that of ICMPv6.</summary>
public static class InternetChecksum
{
    private const int AddressesLength = 2 * IPv6Address.Length;
    private const uint NextHeaderIcmpV6 = 58;

    /// <summary>
    /// The checksum of <paramref name="data"/>: what belongs in its checksum field when that field is zero, and 0
    /// when the field holds the right value.
    /// </summary>
    public static ushort Of(ReadOnlySpan<byte> data) => Fold(Sum(data));

    /// <summary>The same for an ICMPv6 message, with the pseudo-header of RFC 8200 section 8.1.</summary>
    /// <param name="addresses">Source and destination as they follow each other in the IPv6 header, 32 bytes.</param>
    /// <param name="message">From the ICMPv6 type to the end of the payload.</param>
    public static ushort OfIcmpV6(ReadOnlySpan<byte> addresses, ReadOnlySpan<byte> message)
        => Fold(Sum(addresses[..AddressesLength]) + (uint)message.Length + NextHeaderIcmpV6 + Sum(message));

    private static ulong Sum(ReadOnlySpan<byte> data)
    {
        ulong sum = 0;
        while (data.Length >= 4)
        {
            sum += BinaryPrimitives.ReadUInt32BigEndian(data);
            data = data[4..];
        }

        if (data.Length >= 2)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(data);
            data = data[2..];
        }

        if (data.Length == 1)
        {
            sum += (uint)data[0] << 8; // an odd last byte is the high half of a word
        }

        return sum;
    }

    private static ushort Fold(ulong sum)
    {
        while (sum >> 16 != 0)
        {
            sum = (sum & 0xFFFF) + (sum >> 16);
        }

        return (ushort)~sum;
    }
}
