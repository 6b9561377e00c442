using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;
using Mooring.Core.DataPlane;

namespace Mooring.Agent.DataPlane.Plans;

/// <summary>The devices, routes and rules that Direct mode needs, as plain data.</summary>
/// <param name="TunnelMac">This node's address inside the tunnels.</param>
/// <param name="Mtu">Largest packet of this node's interfaces in bytes.</param>
/// <param name="IPv6">There are IPv6 services.</param>
internal sealed record PathPlan(PhysicalAddress TunnelMac, int Mtu, bool IPv6, ImmutableArray<PeerPath> Peers)
{
    private const int HeadersV4 = 40;
    private const int HeadersV6 = 60;

    public int TunnelMtu => Mtu - DataPlaneState.TunnelOverhead;

    /// <summary>Largest TCP segment that fits the tunnel, or null where no peer is behind it.</summary>
    public int? SegmentV4 => Peers.Any(peer => peer.HopV4 is null) ? TunnelMtu - HeadersV4 : null;

    /// <inheritdoc cref="SegmentV4"/>
    public int? SegmentV6 => Peers.Any(peer => peer.HopV6 is null) ? TunnelMtu - HeadersV6 : null;

    /// <summary>The plan, or null when no service needs it. Peers without an IPv4 address cannot be reached by tunnel.</summary>
    public static PathPlan? Of(DataPlaneState state)
    {
        if (!state.Traits.HasFlag(ServiceTraits.Direct))
        {
            return null;
        }

        var numbers = NodeNumbers.Of(state.Peers.Select(peer => peer.Node));
        return new PathPlan(
            MacOf(state.NodeName),
            state.Mtu,
            state.Traits.HasFlag(ServiceTraits.DirectIPv6),
            [
                .. state.Peers.Where(peer => peer.TunnelAddress.AddressFamily == AddressFamily.InterNetwork).Select(peer => new PeerPath(
                    peer.Node,
                    DirectMarks.Node | numbers[peer.Node],
                    MacOf(peer.Node),
                    peer.TunnelAddress,
                    GatewayOf(peer.Node),
                    peer.HopV4,
                    peer.HopV6)),
            ]);
    }

    /// <summary>Readable text, the same for equal plans.</summary>
    public string Dump()
    {
        var text = new StringBuilder();
        text.Append($"tunnel {TunnelMac} mtu {TunnelMtu}{(IPv6 ? " IPv6" : "")}\n");
        foreach (var peer in Peers)
        {
            text.Append($"{peer.Node}: mark {DirectMarks.Text(peer.Mark)} {peer.TunnelMac} at {peer.TunnelAddress}")
                .Append(peer.HopV4 is { } v4 ? $", IPv4 via {v4.Address} dev {v4.Interface}" : ", IPv4 by tunnel")
                .Append(!IPv6 ? "\n" : peer.HopV6 is { } v6 ? $", IPv6 via {v6.Address} dev {v6.Interface}\n" : ", IPv6 by tunnel\n");
        }

        return text.ToString();
    }

    /// <summary>A locally administered address that every node computes alike.</summary>
    private static PhysicalAddress MacOf(string node)
    {
        var bytes = new byte[6];
        (bytes[0], bytes[1]) = (0x02, 0x6d);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(2), NodeNumbers.Hash(node));
        return new PhysicalAddress(bytes);
    }

    private static IPAddress GatewayOf(string node)
    {
        var bytes = new byte[16];
        (bytes[0], bytes[1], bytes[11]) = (0xfe, 0x80, 0x6d);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(12), NodeNumbers.Hash(node));
        return new IPAddress(bytes);
    }
}
