using System.Buffers.Binary;

namespace Mooring.Core.Packets;

/// <summary>The header of an untagged Ethernet II frame.</summary>
public readonly record struct EthernetHeader(MacAddress Destination, MacAddress Source, EtherType Type)
{
    /// <summary>Bytes on the wire, without a VLAN tag.</summary>
    public const int Length = 14;

    public static bool TryRead(ReadOnlySpan<byte> frame, out EthernetHeader header)
    {
        if (frame.Length < Length)
        {
            header = default;
            return false;
        }

        header = new EthernetHeader(
            MacAddress.Read(frame),
            MacAddress.Read(frame[6..]),
            (EtherType)BinaryPrimitives.ReadUInt16BigEndian(frame[12..]));
        return true;
    }

    public void Write(Span<byte> frame)
    {
        Destination.Write(frame);
        Source.Write(frame[6..]);
        BinaryPrimitives.WriteUInt16BigEndian(frame[12..], (ushort)Type);
    }
}
