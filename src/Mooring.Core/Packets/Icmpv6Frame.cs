using System.Buffers.Binary;

namespace Mooring.Core.Packets;

/// <summary>An ICMPv6 message right behind the IPv6 header in an Ethernet frame (RFC 8200, RFC 4443).</summary>
internal readonly ref struct Icmpv6Frame
{
    /// <summary>Bytes before the message: Ethernet and IPv6 without extension headers.</summary>
    public const int HeadersLength = EthernetHeader.Length + IPv6HeaderLength;

    private const int IPv6HeaderLength = 40;
    private const int MinMessageLength = 4; // type, code, checksum
    private const int AddressesOffset = 8;
    private const byte NextHeaderIcmpV6 = 58;

    private Icmpv6Frame(EthernetHeader ethernet, ReadOnlySpan<byte> packet)
    {
        Ethernet = ethernet;
        TrafficClass = (byte)(BinaryPrimitives.ReadUInt16BigEndian(packet) >> 4);
        HopLimit = packet[7];
        Source = IPv6Address.Read(packet[AddressesOffset..]);
        Destination = IPv6Address.Read(packet[(AddressesOffset + IPv6Address.Length)..]);
        Message = packet[IPv6HeaderLength..];
    }

    public EthernetHeader Ethernet { get; }

    public byte TrafficClass { get; }

    public byte HopLimit { get; }

    public IPv6Address Source { get; }

    public IPv6Address Destination { get; }

    /// <summary>From the type on, without padding.</summary>
    public ReadOnlySpan<byte> Message { get; }

    /// <summary>
    /// Reads a whole frame. False for one that is cut short or inconsistent, carries something else, has a wrong checksum,
    /// or a group as its source.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> frame, out Icmpv6Frame read)
    {
        read = default;
        if (!EthernetHeader.TryRead(frame, out var ethernet) || ethernet.Type != EtherType.IPv6
            || !ethernet.Source.IsUnicast || frame.Length < HeadersLength + MinMessageLength)
        {
            return false;
        }

        var packet = frame[EthernetHeader.Length..];
        var length = IPv6HeaderLength + BinaryPrimitives.ReadUInt16BigEndian(packet[4..]);
        if (packet[0] >> 4 != 6 || packet[6] != NextHeaderIcmpV6
            || length < IPv6HeaderLength + MinMessageLength || length > packet.Length)
        {
            return false;
        }

        read = new Icmpv6Frame(ethernet, packet[..length]);
        return !read.Source.IsMulticast && InternetChecksum.OfIcmpV6(packet[AddressesOffset..], read.Message) == 0;
    }

    /// <summary>
    /// Writes the headers before a message of <paramref name="length"/> bytes that is in place already, and its checksum.
    /// </summary>
    /// <returns>Bytes of the whole frame.</returns>
    public static int Complete(
        Span<byte> frame,
        EthernetHeader ethernet,
        IPv6Address source,
        IPv6Address destination,
        byte hopLimit,
        byte trafficClass,
        int length)
    {
        ethernet.Write(frame);
        var packet = frame.Slice(EthernetHeader.Length, IPv6HeaderLength + length);
        BinaryPrimitives.WriteUInt32BigEndian(packet, 0x6000_0000 | ((uint)trafficClass << 20)); // no flow label
        BinaryPrimitives.WriteUInt16BigEndian(packet[4..], (ushort)length);
        packet[6] = NextHeaderIcmpV6;
        packet[7] = hopLimit;
        source.Write(packet[AddressesOffset..]);
        destination.Write(packet[(AddressesOffset + IPv6Address.Length)..]);
        var message = packet[IPv6HeaderLength..];
        message.Slice(2, 2).Clear();
        BinaryPrimitives.WriteUInt16BigEndian(message[2..], InternetChecksum.OfIcmpV6(packet[AddressesOffset..], message));
        return EthernetHeader.Length + packet.Length;
    }
}
