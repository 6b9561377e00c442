using System.Net.NetworkInformation;

namespace Mooring.Linux.Netlink;

/// <summary>A VXLAN device that learns nothing: where a MAC address is, is told to it.</summary>
/// <param name="Name">Up to 15 characters.</param>
/// <param name="Identifier">VXLAN network identifier, 24 bits.</param>
/// <param name="Port">UDP port; devices with different identifiers may share one.</param>
/// <param name="Mac">Its own address.</param>
/// <param name="Mtu">Largest packet in bytes that it takes.</param>
public sealed record VxlanDevice(string Name, uint Identifier, ushort Port, PhysicalAddress Mac, int Mtu);
