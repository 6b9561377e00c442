using System.Net;
using System.Net.NetworkInformation;

namespace Mooring.Linux.Netlink;

/// <summary>A neighbour that is told to the kernel, not found by ARP or ND.</summary>
public sealed record LinkNeighbour(int InterfaceIndex, IPAddress Address, PhysicalAddress Mac);
