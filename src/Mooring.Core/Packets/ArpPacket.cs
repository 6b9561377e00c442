using System.Buffers.Binary;

namespace Mooring.Core.Packets;

/// <summary>ARP for IPv4 over Ethernet (RFC 826), with the announcements of RFC 5227 and RFC 5944.</summary>
public readonly record struct ArpPacket(
    ArpOperation Operation,
    MacAddress SenderMac,
    IPv4Address SenderAddress,
    MacAddress TargetMac,
    IPv4Address TargetAddress)
{
    /// <summary>Bytes of the packet without its Ethernet header.</summary>
    public const int Length = 28;

    /// <summary>Bytes of the frame without padding; the network card pads to the 60 that the wire needs.</summary>
    public const int FrameLength = EthernetHeader.Length + Length;

    // Hardware type 1 (Ethernet), protocol type 0x0800, then the two address lengths 6 and 4.
    private const uint Types = 0x0001_0800;
    private const ushort AddressLengths = 0x0604;

    /// <summary>Speaks of its own address: an announcement, not a question (RFC 5227 section 1.1).</summary>
    public bool IsAnnouncement => SenderAddress == TargetAddress;

    /// <summary>
    /// An announcement as a request: sender and target address are <paramref name="address"/>, target MAC zero
    /// (RFC 5227 section 2.3).
    /// </summary>
    public static ArpPacket AnnouncementRequest(MacAddress mac, IPv4Address address)
        => new(ArpOperation.Request, mac, address, default, address);

    /// <summary>
    /// An announcement as a reply, for stacks that learn from replies only; the target MAC repeats the sender's
    /// (RFC 5944 section 4.6).
    /// </summary>
    public static ArpPacket AnnouncementReply(MacAddress mac, IPv4Address address)
        => new(ArpOperation.Reply, mac, address, mac, address);

    /// <summary>The answer to this request, or to this probe, which asks from 0.0.0.0: sent to whoever asked.</summary>
    public ArpPacket ReplyFrom(MacAddress mac) => new(ArpOperation.Reply, mac, TargetAddress, SenderMac, SenderAddress);

    /// <summary>
    /// Reads a whole frame. False for anything but a request or reply for IPv4 over Ethernet that is complete and
    /// whose sender MAC is one a machine may have. Padding after it is allowed.
    /// </summary>
    public static bool TryReadFrame(ReadOnlySpan<byte> frame, out ArpPacket packet)
    {
        packet = default;
        if (frame.Length < FrameLength
            || !EthernetHeader.TryRead(frame, out var header)
            || header.Type != EtherType.Arp)
        {
            return false;
        }

        var body = frame[EthernetHeader.Length..];
        if (BinaryPrimitives.ReadUInt32BigEndian(body) != Types
            || BinaryPrimitives.ReadUInt16BigEndian(body[4..]) != AddressLengths)
        {
            return false;
        }

        var operation = (ArpOperation)BinaryPrimitives.ReadUInt16BigEndian(body[6..]);
        var sender = MacAddress.Read(body[8..]);
        if (operation is not (ArpOperation.Request or ArpOperation.Reply) || !sender.IsUnicast)
        {
            return false;
        }

        packet = new ArpPacket(
            operation, sender, IPv4Address.Read(body[14..]), MacAddress.Read(body[18..]), IPv4Address.Read(body[24..]));
        return true;
    }

    /// <summary>Writes the frame, <see cref="FrameLength"/> bytes, from the sender's MAC.</summary>
    public void WriteFrame(Span<byte> frame, MacAddress destination)
    {
        new EthernetHeader(destination, SenderMac, EtherType.Arp).Write(frame);
        var body = frame.Slice(EthernetHeader.Length, Length);
        BinaryPrimitives.WriteUInt32BigEndian(body, Types);
        BinaryPrimitives.WriteUInt16BigEndian(body[4..], AddressLengths);
        BinaryPrimitives.WriteUInt16BigEndian(body[6..], (ushort)Operation);
        SenderMac.Write(body[8..]);
        SenderAddress.Write(body[14..]);
        TargetMac.Write(body[18..]);
        TargetAddress.Write(body[24..]);
    }
}
