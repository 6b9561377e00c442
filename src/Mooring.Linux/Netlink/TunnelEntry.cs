using System.Net;
using System.Net.NetworkInformation;

namespace Mooring.Linux.Netlink;

/// <summary>Behind which address a VXLAN device finds a MAC address (an fdb entry).</summary>
public sealed record TunnelEntry(int InterfaceIndex, PhysicalAddress Mac, IPAddress Remote);
