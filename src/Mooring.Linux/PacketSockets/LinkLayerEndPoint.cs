using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Mooring.Linux.PacketSockets;

/// <summary>
/// What a packet socket receives: one EtherType on one interface, as <c>struct sockaddr_ll</c> of packet(7).
/// </summary>
/// <remarks>
/// Bound to IPv4 or IPv6 the socket would come after the network stack, and share each packet with it while that forwards it: the
/// stack has to copy what it shares (ip_rcv_core, skb_share_check), 0.5 µs a packet. One that is bound to every EtherType
/// (ETH_P_ALL) comes before, so the filter takes the others out.
/// </remarks>
public sealed class LinkLayerEndPoint(ushort etherType, int interfaceIndex) : EndPoint
{
    /// <summary>sizeof(struct sockaddr_ll): family, protocol, ifindex, hatype, pkttype, halen, addr[8].</summary>
    internal const int Size = 20;

    private const ushort EveryType = 3; // ETH_P_ALL
    private const ushort IPv4 = 0x0800;
    private const ushort IPv6 = 0x86DD;
    private const int ProtocolOffset = 2; // network byte order
    private const int InterfaceOffset = 4; // host byte order

    public ushort EtherType { get; } = etherType;

    public int InterfaceIndex { get; } = interfaceIndex;

    /// <summary>Frames of this type go through the network stack.</summary>
    internal bool IsRouted => EtherType is IPv4 or IPv6;

    public override AddressFamily AddressFamily => AddressFamily.Packet;

    public override SocketAddress Serialize()
    {
        var address = new SocketAddress(AddressFamily.Packet, Size);
        var bytes = address.Buffer.Span;
        BinaryPrimitives.WriteUInt16BigEndian(bytes[ProtocolOffset..], IsRouted ? EveryType : EtherType);
        if (BitConverter.IsLittleEndian)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes[InterfaceOffset..], InterfaceIndex);
        }
        else
        {
            BinaryPrimitives.WriteInt32BigEndian(bytes[InterfaceOffset..], InterfaceIndex);
        }

        return address;
    }

    public override string ToString() => $"0x{EtherType:x4} on interface {InterfaceIndex}";
}
