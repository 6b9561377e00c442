using System.Net;
using System.Net.Sockets;

namespace Mooring.Linux.Netlink;

/// <summary>The default route of a routing table.</summary>
/// <param name="Gateway">Next hop, taken to be on link; null: every destination is on link.</param>
/// <param name="InterfaceIndex">Interface it goes out by.</param>
public sealed record TableRoute(AddressFamily Family, uint Table, IPAddress? Gateway, int InterfaceIndex);
