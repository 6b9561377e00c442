using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Mooring.Core.Snapshots;

namespace Mooring.Core.DataPlane;

/// <summary>Works out how this node reaches the others: over a shared segment, else through the tunnel.</summary>
internal static class PeerPlanner
{
    public static ImmutableArray<DirectPeer> Plan(ImmutableArray<NodePeer> nodes, string nodeName)
    {
        var self = nodes.FirstOrDefault(node => node.Name == nodeName);
        if (self is null)
        {
            return [];
        }

        return
        [
            .. nodes.Where(node => node.Name != nodeName)
                .Select(node => Plan(self, node))
                .OfType<DirectPeer>()
                .OrderBy(peer => peer.Node, StringComparer.Ordinal),
        ];
    }

    private static DirectPeer? Plan(NodePeer self, NodePeer node)
    {
        var addresses = node.Interfaces.SelectMany(nic => nic.Addresses).Select(own => own.Address).ToImmutableArray();
        var hopV4 = Hop(self, node, AddressFamily.InterNetwork);
        var hopV6 = Hop(self, node, AddressFamily.InterNetworkV6);
        var tunnel = hopV4?.Address
            ?? addresses.FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork)
            ?? hopV6?.Address
            ?? addresses.FirstOrDefault();
        return tunnel is null ? null : new DirectPeer
        {
            Node = node.Name,
            MacAddresses = [.. node.Interfaces.Select(nic => nic.MacAddress).Distinct()],
            Addresses = addresses,
            HopV4 = hopV4,
            HopV6 = hopV6,
            TunnelAddress = tunnel,
        };
    }

    private static PeerHop? Hop(NodePeer self, NodePeer node, AddressFamily family)
    {
        foreach (var mine in self.Interfaces.Where(nic => nic.Up).OrderBy(nic => nic.Name, StringComparer.Ordinal))
        {
            foreach (var theirs in node.Interfaces.SelectMany(nic => nic.Addresses))
            {
                if (theirs.Address.AddressFamily == family && mine.OnLink(theirs.Address) is not null)
                {
                    return new PeerHop(theirs.Address, mine.Name);
                }
            }
        }

        return null;
    }
}
