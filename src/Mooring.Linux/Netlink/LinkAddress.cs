using System.Net;

namespace Mooring.Linux.Netlink;

/// <summary>An address bound to an interface.</summary>
/// <param name="Address">The interface's own address.</param>
/// <param name="Subnet">What it puts on link; on a point-to-point link the peer's side.</param>
public sealed record LinkAddress(IPAddress Address, IPNetwork Subnet);
