namespace Mooring.Core.Packets;

/// <summary>A neighbour solicitation or advertisement over Ethernet (RFC 4861), what ARP is to IPv4.</summary>
/// <param name="Type">Question or answer.</param>
/// <param name="SourceMac">Of the Ethernet frame.</param>
/// <param name="Source">Of the packet; <see cref="IPv6Address.Any"/> in a duplicate address probe.</param>
/// <param name="Destination">Of the packet: a host or a group.</param>
/// <param name="Target">The address that is asked or told about.</param>
/// <param name="Flags">Of an advertisement.</param>
/// <param name="LinkLayerAddress">
/// The option: of the source in a solicitation, of the target in an advertisement; null without it.
/// </param>
public readonly record struct NeighborMessage(
    NeighborMessageType Type,
    MacAddress SourceMac,
    IPv6Address Source,
    IPv6Address Destination,
    IPv6Address Target,
    NeighborFlags Flags,
    MacAddress? LinkLayerAddress)
{
    /// <summary>Bytes of the longest frame that is written: with the option.</summary>
    public const int MaxFrameLength = Icmpv6Frame.HeadersLength + MinLength + OptionLength;

    private const int MinLength = 24; // type, code, checksum, flags, target
    private const int OptionLength = 8; // also the unit in which options say their length
    private const byte SourceLinkLayerAddress = 1;
    private const byte TargetLinkLayerAddress = 2;

    private const NeighborFlags AllFlags = NeighborFlags.Router | NeighborFlags.Solicited | NeighborFlags.Override;

    /// <summary>Proof that no router passed the packet on (RFC 4861 section 7.1).</summary>
    private const byte HopLimit = 255;

    /// <summary>Where the address is, with the MAC to believe: the option's, or the frame's where there is none.</summary>
    public MacAddress Mac => LinkLayerAddress ?? SourceMac;

    /// <summary>Asks whether somebody has the address already (RFC 4862 section 5.4).</summary>
    public bool IsProbe => Type == NeighborMessageType.Solicitation && Source == IPv6Address.Any;

    /// <summary>
    /// Tells every node where the address is, unasked (RFC 4861 section 7.2.6). The source is the address itself, which
    /// is one of the sender's; routers may learn it from this (RFC 9131).
    /// </summary>
    public static NeighborMessage Announcement(MacAddress mac, IPv6Address address, bool router) => new(
        NeighborMessageType.Advertisement,
        mac,
        address,
        IPv6Address.AllNodes,
        address,
        NeighborFlags.Override | RouterFlag(router),
        mac);

    /// <summary>Asks a host that is known whether it is still there, at its MAC address (RFC 4861 section 7.3.3).</summary>
    public static NeighborMessage Question(MacAddress mac, IPv6Address own, IPv6Address target) => new(
        NeighborMessageType.Solicitation, mac, own, target, target, NeighborFlags.None, mac);

    /// <summary>
    /// The answer to this solicitation (RFC 4861 section 7.2.4): to whoever asked, or to all when a probe asked.
    /// </summary>
    public NeighborMessage AnswerFrom(MacAddress mac, bool router) => new(
        NeighborMessageType.Advertisement,
        mac,
        Target,
        IsProbe ? IPv6Address.AllNodes : Source,
        Target,
        NeighborFlags.Override | RouterFlag(router) | (IsProbe ? NeighborFlags.None : NeighborFlags.Solicited),
        mac);

    /// <summary>
    /// Reads a whole frame. False for anything but a solicitation or advertisement that passes every check of RFC 4861
    /// section 7.1, comes from a MAC that one machine may have, and is about an address that a host may have.
    /// </summary>
    public static bool TryReadFrame(ReadOnlySpan<byte> frame, out NeighborMessage message)
    {
        message = default;
        if (!Icmpv6Frame.TryRead(frame, out var read) || read.HopLimit != HopLimit || read.Message.Length < MinLength)
        {
            return false;
        }

        var type = (NeighborMessageType)read.Message[0];
        var target = IPv6Address.Read(read.Message[8..]);
        if (type is not (NeighborMessageType.Solicitation or NeighborMessageType.Advertisement)
            || read.Message[1] != 0 || !target.IsHost)
        {
            return false;
        }

        var solicits = type == NeighborMessageType.Solicitation;
        if (!TryReadOptions(
            read.Message[MinLength..], solicits ? SourceLinkLayerAddress : TargetLinkLayerAddress, out var option))
        {
            return false;
        }

        message = new NeighborMessage(
            type,
            read.Ethernet.Source,
            read.Source,
            read.Destination,
            target,
            solicits ? NeighborFlags.None : (NeighborFlags)read.Message[4] & AllFlags,
            option);
        return solicits ? IsValidSolicitation(message) : IsValidAdvertisement(message);
    }

    /// <summary>Writes the frame, at most <see cref="MaxFrameLength"/> bytes, from the source's MAC.</summary>
    /// <param name="frame">Room for it.</param>
    /// <param name="destination">MAC of the host it goes to; not used when it goes to a group.</param>
    /// <returns>Bytes written.</returns>
    public int WriteFrame(Span<byte> frame, MacAddress destination)
    {
        var length = MinLength + (LinkLayerAddress is null ? 0 : OptionLength);
        var message = frame.Slice(Icmpv6Frame.HeadersLength, length);
        message.Clear();
        message[0] = (byte)Type;
        message[4] = (byte)Flags;
        Target.Write(message[8..]);
        if (LinkLayerAddress is { } option)
        {
            message[MinLength] = Type == NeighborMessageType.Solicitation
                ? SourceLinkLayerAddress
                : TargetLinkLayerAddress;
            message[MinLength + 1] = OptionLength / 8;
            option.Write(message[(MinLength + 2)..]);
        }

        var to = Destination.IsMulticast ? Destination.MulticastMac : destination;
        return Icmpv6Frame.Complete(
            frame, new EthernetHeader(to, SourceMac, EtherType.IPv6), Source, Destination, HopLimit, 0, length);
    }

    private static NeighborFlags RouterFlag(bool router) => router ? NeighborFlags.Router : NeighborFlags.None;

    private static bool IsValidSolicitation(in NeighborMessage message)
        => message.Source != IPv6Address.Any
            || (message.Destination == message.Target.SolicitedNode && message.LinkLayerAddress is null);

    private static bool IsValidAdvertisement(in NeighborMessage message)
        => message.Source.IsHost
            && !(message.Destination.IsMulticast && message.Flags.HasFlag(NeighborFlags.Solicited));

    /// <summary>False when an option has no length or goes past the end, or the link-layer address is no host's.</summary>
    private static bool TryReadOptions(ReadOnlySpan<byte> options, byte wanted, out MacAddress? address)
    {
        address = null;
        while (!options.IsEmpty)
        {
            var length = options.Length < 2 ? 0 : options[1] * OptionLength;
            if (length == 0 || length > options.Length)
            {
                return false;
            }

            if (options[0] == wanted)
            {
                var mac = MacAddress.Read(options[2..]);
                if (length != OptionLength || !mac.IsUnicast)
                {
                    return false;
                }

                address = mac;
            }

            options = options[length..];
        }

        return true;
    }
}
