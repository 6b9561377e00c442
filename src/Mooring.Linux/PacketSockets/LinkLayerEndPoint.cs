using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Mooring.Linux.PacketSockets;

/// <summary>
/// What a packet socket is bound to: one EtherType on one interface, as <c>struct sockaddr_ll</c> of packet(7).
/// </summary>
public sealed class LinkLayerEndPoint(ushort etherType, int interfaceIndex) : EndPoint
{
    /// <summary>sizeof(struct sockaddr_ll): family, protocol, ifindex, hatype, pkttype, halen, addr[8].</summary>
    internal const int Size = 20;

    private const int ProtocolOffset = 2; // network byte order
    private const int InterfaceOffset = 4; // host byte order

    public ushort EtherType { get; } = etherType;

    public int InterfaceIndex { get; } = interfaceIndex;

    public override AddressFamily AddressFamily => AddressFamily.Packet;

    public override SocketAddress Serialize()
    {
        var address = new SocketAddress(AddressFamily.Packet, Size);
        var bytes = address.Buffer.Span;
        BinaryPrimitives.WriteUInt16BigEndian(bytes[ProtocolOffset..], EtherType);
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
