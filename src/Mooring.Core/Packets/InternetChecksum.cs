using System.Buffers.Binary;

namespace Mooring.Core.Packets;

/// <summary>The one's complement checksum of IPv4 and ICMP (RFC 1071).</summary>
public static class InternetChecksum
{
    /// <summary>
    /// The checksum of <paramref name="data"/>: what belongs in its checksum field when that field is zero, and 0
    /// when the field holds the right value.
    /// </summary>
    public static ushort Of(ReadOnlySpan<byte> data)
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

        while (sum >> 16 != 0)
        {
            sum = (sum & 0xFFFF) + (sum >> 16);
        }

        return (ushort)~sum;
    }
}
