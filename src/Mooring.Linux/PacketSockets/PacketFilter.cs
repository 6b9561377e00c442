using System.Collections.Immutable;

namespace Mooring.Linux.PacketSockets;

/// <summary>
/// Classic BPF programs that keep frames of no interest in the kernel, so that a busy segment does not wake us.
/// They see the frame from its Ethernet header on (SOCK_RAW). A load beyond the end of the frame drops it.
/// </summary>
public static class PacketFilter
{
    private const ushort LoadWord = 0x20; // BPF_LD | BPF_W | BPF_ABS
    private const ushort LoadHalf = 0x28; // BPF_LD | BPF_H | BPF_ABS
    private const ushort LoadByte = 0x30; // BPF_LD | BPF_B | BPF_ABS
    private const ushort LoadByteIndexed = 0x50; // BPF_LD | BPF_B | BPF_IND
    private const ushort LoadLength = 0x80; // BPF_LD | BPF_W | BPF_LEN
    private const ushort LoadIndexHeaderLength = 0xB1; // BPF_LDX | BPF_B | BPF_MSH: X = 4 * (frame[k] & 0xf)
    private const ushort JumpEqual = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
    private const ushort JumpGreater = 0x25; // BPF_JMP | BPF_JGT | BPF_K
    private const ushort JumpGreaterOrEqual = 0x35; // BPF_JMP | BPF_JGE | BPF_K
    private const ushort JumpSet = 0x45; // BPF_JMP | BPF_JSET | BPF_K
    private const ushort Return = 0x06; // BPF_RET | BPF_K

    private const uint VlanTagOffset = 0xFFFF_F030; // SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT
    private const uint PacketTypeOffset = 0xFFFF_F004; // SKF_AD_OFF + SKF_AD_PKTTYPE
    private const uint PacketToHost = 0; // PACKET_HOST
    private const uint PacketToOtherHost = 3; // PACKET_OTHERHOST: another MAC, or a VLAN that is not configured here

    private const uint EtherTypeOffset = 12;
    private const uint Ethernet = 14;
    private const uint ArpFrameLength = 42;
    private const byte IcmpProtocol = 1;
    private const byte IcmpEchoRequest = 8;
    private const uint IPv6Payload = Ethernet + 40;
    private const uint NeighborFrameLength = IPv6Payload + 24;
    private const byte IcmpV6Protocol = 58;
    private const byte IcmpV6EchoRequest = 128;
    private const byte NeighborSolicitation = 135;
    private const byte NeighborAdvertisement = 136;

    private static readonly FilterInstruction Accept = new(Return, 0, 0, uint.MaxValue);
    private static readonly FilterInstruction Drop = new(Return, 0, 0, 0);

    /// <summary>Drops all but untagged frames of this EtherType, and goes on with what follows.</summary>
    internal static ImmutableArray<FilterInstruction> OfType(ushort etherType) =>
    [
        new(LoadHalf, 0, 0, EtherTypeOffset),
        new(JumpEqual, 1, 0, etherType),
        Drop,
        new(LoadWord, 0, 0, VlanTagOffset),
        new(JumpEqual, 1, 0, 0),
        Drop,
    ];

    /// <summary>
    /// ARP frames to this machine's MAC or to all, whose sender or target address is one of
    /// <paramref name="addresses"/>; and malformed ARP frames, so that they can be counted.
    /// </summary>
    /// <param name="addresses">IPv4 addresses in host byte order.</param>
    public static ImmutableArray<FilterInstruction> Arp(IReadOnlyCollection<uint> addresses) => Arp(addresses, targets: true);

    /// <summary>The same by the sender address alone.</summary>
    /// <param name="addresses">IPv4 addresses in host byte order.</param>
    public static ImmutableArray<FilterInstruction> ArpFrom(IReadOnlyCollection<uint> addresses) =>
        Arp(addresses, targets: false);

    /// <summary>Unfragmented ICMP echo requests to this machine's MAC for one of <paramref name="addresses"/>.</summary>
    /// <param name="addresses">IPv4 addresses in host byte order.</param>
    public static ImmutableArray<FilterInstruction> EchoRequest(IReadOnlyCollection<uint> addresses)
    {
        List<FilterInstruction> program =
        [
            new(LoadByte, 0, 0, Ethernet + 9), // first, as nearly every packet is dropped here
            new(JumpEqual, 1, 0, IcmpProtocol),
            Drop,
            new(LoadWord, 0, 0, PacketTypeOffset),
            new(JumpEqual, 1, 0, PacketToHost),
            Drop,
            new(LoadHalf, 0, 0, Ethernet + 6),
            new(JumpSet, 0, 1, 0x3FFF), // more fragments, or a fragment offset
            Drop,
            new(LoadIndexHeaderLength, 0, 0, Ethernet),
            new(LoadByteIndexed, 0, 0, Ethernet),
            new(JumpEqual, 1, 0, IcmpEchoRequest),
            Drop,
        ];
        AcceptWordIn(program, Ethernet + 16, AddressRanges.Cover(addresses)); // destination address
        program.Add(Drop);
        return [.. program];
    }

    /// <summary>
    /// Neighbour solicitations and advertisements that this machine hears, with a target or source address that ends like
    /// one of <paramref name="endings"/>; and those cut short, so that they can be counted.
    /// </summary>
    /// <param name="endings">The last four bytes of IPv6 addresses in host byte order.</param>
    public static ImmutableArray<FilterInstruction> NeighborDiscovery(IReadOnlyCollection<uint> endings)
    {
        List<FilterInstruction> program =
        [
            new(LoadByte, 0, 0, Ethernet + 6), // next header; first, as nearly every packet is dropped here
            new(JumpEqual, 1, 0, IcmpV6Protocol),
            Drop,
            new(LoadByte, 0, 0, IPv6Payload),
            new(JumpEqual, 2, 0, NeighborSolicitation),
            new(JumpEqual, 1, 0, NeighborAdvertisement),
            Drop,
            new(LoadWord, 0, 0, PacketTypeOffset),
            new(JumpEqual, 0, 1, PacketToOtherHost),
            Drop,
            new(LoadLength, 0, 0, 0),
            new(JumpGreaterOrEqual, 1, 0, NeighborFrameLength),
            Accept,
        ];
        var ranges = AddressRanges.Cover(endings);
        AcceptWordIn(program, IPv6Payload + 20, ranges); // end of the target
        AcceptWordIn(program, Ethernet + 20, ranges); // end of the source
        program.Add(Drop);
        return [.. program];
    }

    /// <summary>
    /// ICMPv6 echo requests to this machine's MAC, for an address that ends like one of <paramref name="endings"/>. A
    /// fragment has another next header.
    /// </summary>
    /// <param name="endings">The last four bytes of IPv6 addresses in host byte order.</param>
    public static ImmutableArray<FilterInstruction> EchoRequestV6(IReadOnlyCollection<uint> endings)
    {
        List<FilterInstruction> program =
        [
            new(LoadByte, 0, 0, Ethernet + 6),
            new(JumpEqual, 1, 0, IcmpV6Protocol),
            Drop,
            new(LoadByte, 0, 0, IPv6Payload),
            new(JumpEqual, 1, 0, IcmpV6EchoRequest),
            Drop,
            new(LoadWord, 0, 0, PacketTypeOffset),
            new(JumpEqual, 1, 0, PacketToHost),
            Drop,
        ];
        AcceptWordIn(program, Ethernet + 36, AddressRanges.Cover(endings)); // end of the destination
        program.Add(Drop);
        return [.. program];
    }

    private static ImmutableArray<FilterInstruction> Arp(IReadOnlyCollection<uint> addresses, bool targets)
    {
        List<FilterInstruction> program =
        [
            new(LoadWord, 0, 0, PacketTypeOffset),
            new(JumpEqual, 0, 1, PacketToOtherHost),
            Drop,
            new(LoadLength, 0, 0, 0),
            new(JumpGreaterOrEqual, 1, 0, ArpFrameLength),
            Accept,
            new(LoadWord, 0, 0, Ethernet), // hardware type Ethernet, protocol type IPv4
            new(JumpEqual, 1, 0, 0x0001_0800),
            Accept,
            new(LoadHalf, 0, 0, Ethernet + 4), // address lengths
            new(JumpEqual, 1, 0, 0x0604),
            Accept,
        ];
        var ranges = AddressRanges.Cover(addresses);
        if (targets)
        {
            AcceptWordIn(program, Ethernet + 24, ranges);
        }

        AcceptWordIn(program, Ethernet + 14, ranges); // sender address
        program.Add(Drop);
        return [.. program];
    }

    private static void AcceptWordIn(
        List<FilterInstruction> program, uint offset, ImmutableArray<(uint First, uint Last)> ranges)
    {
        program.Add(new(LoadWord, 0, 0, offset));
        foreach (var (first, last) in ranges)
        {
            // Each range has its own return: jumps reach 255 instructions only.
            if (first == last)
            {
                program.Add(new(JumpEqual, 0, 1, first));
            }
            else
            {
                program.Add(new(JumpGreaterOrEqual, 0, 2, first));
                program.Add(new(JumpGreater, 1, 0, last));
            }

            program.Add(Accept);
        }
    }
}
