using System.Net;
using System.Net.Sockets;
using Mooring.Agent.Speaker;
using Mooring.Core.Gateways;
using Mooring.Core.Packets;
using Mooring.Core.Snapshots;
using Mooring.Linux.PacketSockets;

namespace Mooring.Agent.Gateways;

/// <summary>
/// Asks one gateway whether it is there, by ARP or neighbour discovery and from the node's own address, and hears it by a
/// thread of its own. Its owner makes one call at a time.
/// </summary>
internal sealed class GatewayProbe : IDisposable
{
    private readonly IPAddress _gateway;
    private readonly ReceiveLoop _loop;
    private readonly Action<GatewayProbe, MacAddress> _heard;
    private readonly MacAddress _own;
    private MacAddress? _mac;

    /// <param name="on">Where the gateway is.</param>
    /// <param name="gateway">Its address.</param>
    /// <param name="hearing">What is known of it.</param>
    /// <param name="open">Opens packet sockets.</param>
    /// <param name="heard">Called on the receiving thread when something came from it.</param>
    /// <param name="faulted">Called on the receiving thread, which then ends.</param>
    /// <exception cref="SocketException">No CAP_NET_RAW, or the interface is gone.</exception>
    public GatewayProbe(
        NodeInterface on,
        IPAddress gateway,
        GatewayHearing hearing,
        PacketSocketFactory open,
        Action<GatewayProbe, MacAddress> heard,
        Action<GatewayProbe, Exception> faulted)
    {
        Interface = on;
        Hearing = hearing;
        _gateway = gateway;
        _heard = heard;
        _own = MacAddress.From(on.MacAddress);
        var socket = IsIPv4
            ? open(
                new LinkLayerEndPoint((ushort)EtherType.Arp, on.Index),
                PacketFilter.ArpFrom([IPv4Address.From(gateway).Value]))
            : open(
                new LinkLayerEndPoint((ushort)EtherType.IPv6, on.Index),
                PacketFilter.NeighborDiscovery([(uint)IPv6Address.From(gateway).Low]));
        _loop = new ReceiveLoop(
            $"gateway {on.Name}", socket, (frame, _) => Received(frame), static () => { }, exception => faulted(this, exception));
        _loop.Start();
    }

    /// <summary>As it was when the probe was made; another one gets another probe.</summary>
    public NodeInterface Interface { get; }

    public GatewayHearing Hearing { get; }

    public AddressFamily Family => _gateway.AddressFamily;

    private bool IsIPv4 => Family == AddressFamily.InterNetwork;

    /// <summary>The node's own address that asks: that of the gateway's subnet, or any for a link-local gateway.</summary>
    public static IPAddress? AskingAddress(NodeInterface on, IPAddress gateway) => on.OnLink(gateway)?.Address
        ?? on.Addresses.Select(own => own.Address).FirstOrDefault(own => own.AddressFamily == gateway.AddressFamily);

    /// <summary>Sends a question. One that cannot be sent is as good as not answered.</summary>
    public void Ask(TimeSpan now)
    {
        // Before the question is counted: the answer to the one before decides whether the MAC address is still believed.
        var to = Hearing.MayHaveMoved ? null : _mac;
        Hearing.Ask(now);
        if (AskingAddress(Interface, _gateway) is not { } own)
        {
            return;
        }

        Span<byte> frame = stackalloc byte[NeighborMessage.MaxFrameLength];
        int length;
        if (IsIPv4)
        {
            new ArpPacket(ArpOperation.Request, _own, IPv4Address.From(own), default, IPv4Address.From(_gateway))
                .WriteFrame(frame, to ?? MacAddress.Broadcast);
            length = ArpPacket.FrameLength;
        }
        else
        {
            var target = IPv6Address.From(_gateway);
            var question = NeighborMessage.Question(_own, IPv6Address.From(own), target);
            length = to is null
                ? (question with { Destination = target.SolicitedNode }).WriteFrame(frame, default)
                : question.WriteFrame(frame, to.Value);
        }

        _loop.Send(frame[..length]);
    }

    /// <summary>Something came from the gateway, whose MAC address is this.</summary>
    public void Hear(MacAddress mac, TimeSpan now)
    {
        _mac = mac;
        Hearing.Hear(now);
    }

    public void Dispose() => _loop.Dispose();

    private void Received(ReadOnlySpan<byte> frame)
    {
        if (SenderOf(frame) is { } mac && mac != _own)
        {
            _heard(this, mac);
        }
    }

    /// <summary>MAC address of the gateway if the frame is from it.</summary>
    private MacAddress? SenderOf(ReadOnlySpan<byte> frame)
    {
        if (IsIPv4)
        {
            return ArpPacket.TryReadFrame(frame, out var packet) && packet.SenderAddress == IPv4Address.From(_gateway)
                ? packet.SenderMac
                : null;
        }

        if (!NeighborMessage.TryReadFrame(frame, out var message))
        {
            return null;
        }

        var speaker = message.Type == NeighborMessageType.Advertisement ? message.Target : message.Source;
        return speaker == IPv6Address.From(_gateway) ? message.Mac : null;
    }
}
