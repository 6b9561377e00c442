using System.Net;

namespace Mooring.Core.Snapshots;

/// <summary>An address bound to an interface and the subnet it puts on link, such as 10.70.0.11 in 10.70.0.0/24.</summary>
public sealed record InterfaceAddress(IPAddress Address, IPNetwork Subnet);
