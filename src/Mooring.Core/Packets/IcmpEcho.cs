using System.Buffers.Binary;

namespace Mooring.Core.Packets;

/// <summary>ICMP echo over IPv4 and Ethernet (RFC 792, RFC 1122 section 3.2.2.6), on whole frames.</summary>
public static class IcmpEcho
{
    /// <summary>Ethernet, IPv4 without options and the ICMP echo header.</summary>
    public const int MinFrameLength = EthernetHeader.Length + IPv4HeaderLength + IcmpHeaderLength;

    private const int IPv4HeaderLength = 20;
    private const int IcmpHeaderLength = 8;
    private const byte ProtocolIcmp = 1;
    private const byte TypeEchoReply = 0;
    private const byte TypeEchoRequest = 8;
    private const byte TimeToLive = 64;

    private const int MoreFragmentsAndOffset = 0x3FFF;
    private const int DontFragment = 0x4000;

    /// <summary>Judges a frame; <paramref name="source"/> and <paramref name="destination"/> are set for a request.</summary>
    public static EchoVerdict Inspect(ReadOnlySpan<byte> frame, out IPv4Address source, out IPv4Address destination)
    {
        source = destination = default;
        if (!EthernetHeader.TryRead(frame, out var ethernet) || ethernet.Type != EtherType.IPv4)
        {
            return EchoVerdict.Malformed;
        }

        if (!TryMeasure(frame[EthernetHeader.Length..], out var headerLength, out var totalLength))
        {
            return EchoVerdict.Malformed;
        }

        var packet = frame.Slice(EthernetHeader.Length, totalLength);
        if (InternetChecksum.Of(packet[..headerLength]) != 0)
        {
            return EchoVerdict.Malformed;
        }

        if (packet[9] != ProtocolIcmp
            || (BinaryPrimitives.ReadUInt16BigEndian(packet[6..]) & MoreFragmentsAndOffset) != 0)
        {
            return EchoVerdict.NotForUs;
        }

        var message = packet[headerLength..];
        if (message.Length < IcmpHeaderLength || InternetChecksum.Of(message) != 0)
        {
            return EchoVerdict.Malformed;
        }

        var from = IPv4Address.Read(packet[12..]);
        var to = IPv4Address.Read(packet[16..]);
        if (message[0] != TypeEchoRequest || message[1] != 0
            || !from.IsHost || from == to || !ethernet.Source.IsUnicast || !ethernet.Destination.IsUnicast)
        {
            return EchoVerdict.NotForUs;
        }

        (source, destination) = (from, to);
        return EchoVerdict.Request;
    }

    /// <summary>
    /// Writes the reply to a frame that <see cref="Inspect"/> called a request: back to the MAC it came from, same
    /// type of service, identification and data, TTL 64, without the request's IP options.
    /// </summary>
    /// <param name="request">The frame.</param>
    /// <param name="mac">The answering interface's.</param>
    /// <param name="reply">At least as long as the request.</param>
    /// <returns>Bytes written.</returns>
    public static int WriteReply(ReadOnlySpan<byte> request, MacAddress mac, Span<byte> reply)
    {
        if (!TryMeasure(request[EthernetHeader.Length..], out var headerLength, out var totalLength))
        {
            throw new ArgumentException("not an echo request", nameof(request));
        }

        new EthernetHeader(MacAddress.Read(request[6..]), mac, EtherType.IPv4).Write(reply);

        var asked = request.Slice(EthernetHeader.Length, totalLength);
        var message = asked[headerLength..];
        var length = IPv4HeaderLength + message.Length;
        var packet = reply.Slice(EthernetHeader.Length, length);
        packet[0] = 0x45; // version 4, header of 5 words
        packet[1] = asked[1];
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)length);
        asked.Slice(4, 2).CopyTo(packet[4..]);
        var fragment = BinaryPrimitives.ReadUInt16BigEndian(asked[6..]) & DontFragment;
        BinaryPrimitives.WriteUInt16BigEndian(packet[6..], (ushort)fragment);
        packet[8] = TimeToLive;
        packet[9] = ProtocolIcmp;
        packet.Slice(10, 2).Clear();
        asked.Slice(16, 4).CopyTo(packet[12..]);
        asked.Slice(12, 4).CopyTo(packet[16..]);
        BinaryPrimitives.WriteUInt16BigEndian(packet[10..], InternetChecksum.Of(packet[..IPv4HeaderLength]));

        var answer = packet[IPv4HeaderLength..];
        message.CopyTo(answer);
        answer[0] = TypeEchoReply;
        answer.Slice(2, 2).Clear();
        BinaryPrimitives.WriteUInt16BigEndian(answer[2..], InternetChecksum.Of(answer));
        return EthernetHeader.Length + length;
    }

    private static bool TryMeasure(ReadOnlySpan<byte> packet, out int headerLength, out int totalLength)
    {
        headerLength = totalLength = 0;
        if (packet.Length < IPv4HeaderLength || packet[0] >> 4 != 4)
        {
            return false;
        }

        headerLength = (packet[0] & 0x0F) * 4;
        totalLength = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);
        return headerLength >= IPv4HeaderLength && totalLength >= headerLength && totalLength <= packet.Length;
    }
}
