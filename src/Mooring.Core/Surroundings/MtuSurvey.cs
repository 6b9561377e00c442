using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Surroundings;

/// <summary>
/// Finds interfaces of a node whose MTU is in the way of packets that are handed on between nodes: it is another than that of the
/// other nodes on the segment, or leaves too little in the tunnels. Large MTUs that all have, and small ones, are as they should be.
/// </summary>
public static class MtuSurvey
{
    /// <summary>The kernel runs no IPv6 on a device with less (RFC 8200 section 5).</summary>
    private const int LeastIPv6 = 1280;

    private const int MaxNamed = 3;

    public static ImmutableArray<AddressObstacle> Find(ClusterSnapshot snapshot, string nodeName)
    {
        if (snapshot.Nodes.FirstOrDefault(node => node.Name == nodeName) is not { } self)
        {
            return [];
        }

        ImmutableArray<NodeInterface> up = [.. self.Interfaces.Where(one => one.Up)];
        ImmutableArray<NodePeer> others = [.. snapshot.Nodes.Where(node => node.Name != nodeName && !node.Away)];

        // Once for each segment, as there may be thousands of addresses on it.
        var segments = up
            .SelectMany(one => one.Addresses.Select(own => own.Subnet).Distinct()
                .Select(segment => (Segment: segment, Message: SegmentProblem(one, segment, others))))
            .Where(found => found.Message is not null)
            .ToArray();
        var tunnel = TunnelProblem(up);
        return
        [
            .. snapshot.VirtualIps
                .SelectMany(vip => vip.Addresses.SelectMany(one => segments
                    .Where(found => found.Segment.Contains(one.Address)).Select(found => found.Message)
                    .Append(NeedsIPv6Tunnel(vip, one.Address) ? tunnel : null)
                    .OfType<string>()
                    .Select(message => new AddressObstacle(one.Address, message))))
                .Distinct(),
        ];
    }

    private static bool NeedsIPv6Tunnel(VirtualIpIntent vip, IPAddress address) =>
        vip.Forwarding == ForwardingMode.Direct && address.AddressFamily == AddressFamily.InterNetworkV6;

    /// <summary>An Ethernet segment has no router that could cut a packet, or say that it is too large.</summary>
    private static string? SegmentProblem(NodeInterface mine, IPNetwork segment, ImmutableArray<NodePeer> others)
    {
        var mtus = others
            .Select(node => (node.Name, node.Interfaces.FirstOrDefault(one => one.Up && one.Addresses.Any(own => segment.Contains(own.Address)))?.Mtu))
            .Where(node => node.Mtu is not null)
            .ToArray();

        // What most have is meant; where none has a majority, the smaller ones are told.
        var usual = mtus.Select(node => node.Mtu!.Value).Append(mine.Mtu)
            .GroupBy(mtu => mtu)
            .OrderByDescending(same => same.Count()).ThenByDescending(same => same.Key)
            .First().Key;
        if (mine.Mtu == usual)
        {
            return null;
        }

        string[] names = [.. mtus.Where(node => node.Mtu == usual).Select(node => node.Name).Order(StringComparer.Ordinal)];
        var more = names.Length > MaxNamed ? $" and {names.Length - MaxNamed} more" : "";
        return $"{mine.Name} has an MTU of {mine.Mtu}, and {usual} is that of {string.Join(", ", names.Take(MaxNamed))}{more} on the same segment "
            + $"{segment}: packets above {Math.Min(mine.Mtu, usual)} bytes between them may be dropped without an ICMP error; "
            + $"run ip link set {mine.Name} mtu {usual}";
    }

    /// <summary>The tunnels go by the smallest interface, as any of them may carry them.</summary>
    private static string? TunnelProblem(ImmutableArray<NodeInterface> up) =>
        up.MinBy(one => one.Mtu) is { } smallest && smallest.Mtu < LeastIPv6 + DataPlaneState.TunnelOverhead
            ? $"{smallest.Name} has an MTU of {smallest.Mtu}, which leaves {smallest.Mtu - DataPlaneState.TunnelOverhead} in the tunnels to other "
                + $"nodes, and IPv6 needs {LeastIPv6}: give it {LeastIPv6 + DataPlaneState.TunnelOverhead} or more by ip link set {smallest.Name} mtu, "
                + "or set spec.forwarding: Nat"
            : null;
}
