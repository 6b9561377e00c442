using System.Net;
using System.Net.NetworkInformation;
using Mooring.Core.DataPlane;

namespace Mooring.Agent.DataPlane.Plans;

/// <summary>How packets that are marked for a peer get there.</summary>
/// <param name="Mark">The peer's mark, and the number of its routing table.</param>
/// <param name="TunnelMac">The peer's address inside the tunnels.</param>
/// <param name="TunnelAddress">Where the tunnels to it end.</param>
/// <param name="GatewayV6">Stands for the peer as an IPv6 next hop in the tunnels; for IPv4 its tunnel address does.</param>
internal sealed record PeerPath(
    string Node, uint Mark, PhysicalAddress TunnelMac, IPAddress TunnelAddress, IPAddress GatewayV6, PeerHop? HopV4, PeerHop? HopV6);
