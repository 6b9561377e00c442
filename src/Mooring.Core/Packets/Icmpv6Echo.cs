namespace Mooring.Core.Packets;

/// <summary>ICMPv6 echo over Ethernet (RFC 4443 section 4), on whole frames.</summary>
public static class Icmpv6Echo
{
    /// <summary>Ethernet, IPv6 without extension headers and the echo header.</summary>
    public const int MinFrameLength = Icmpv6Frame.HeadersLength + EchoHeaderLength;

    private const int EchoHeaderLength = 8;
    private const byte TypeEchoRequest = 128;
    private const byte TypeEchoReply = 129;
    private const byte HopLimit = 64;

    /// <summary>Judges a frame; <paramref name="destination"/> is set for a request.</summary>
    public static EchoVerdict Inspect(ReadOnlySpan<byte> frame, out IPv6Address destination)
    {
        destination = default;
        if (!Icmpv6Frame.TryRead(frame, out var read) || read.Message.Length < EchoHeaderLength)
        {
            return EchoVerdict.Malformed;
        }

        if (read.Message[0] != TypeEchoRequest || read.Message[1] != 0
            || !read.Source.IsHost || read.Source == read.Destination || !read.Ethernet.Destination.IsUnicast)
        {
            return EchoVerdict.NotForUs;
        }

        destination = read.Destination;
        return EchoVerdict.Request;
    }

    /// <summary>
    /// Writes the reply to a frame that <see cref="Inspect"/> called a request: back to the MAC it came from, same
    /// traffic class, identification and data, hop limit 64.
    /// </summary>
    /// <param name="request">The frame.</param>
    /// <param name="mac">The answering interface's.</param>
    /// <param name="reply">At least as long as the request.</param>
    /// <returns>Bytes written.</returns>
    public static int WriteReply(ReadOnlySpan<byte> request, MacAddress mac, Span<byte> reply)
    {
        if (!Icmpv6Frame.TryRead(request, out var read))
        {
            throw new ArgumentException("not an echo request", nameof(request));
        }

        var message = reply.Slice(Icmpv6Frame.HeadersLength, read.Message.Length);
        read.Message.CopyTo(message);
        message[0] = TypeEchoReply;
        return Icmpv6Frame.Complete(
            reply,
            new EthernetHeader(read.Ethernet.Source, mac, EtherType.IPv6),
            read.Destination,
            read.Source,
            HopLimit,
            read.TrafficClass,
            message.Length);
    }
}
