using System.Net.Sockets;

namespace Mooring.Linux.Netlink;

/// <summary>A rule that sends packets with a mark, or of an outgoing interface, to a routing table.</summary>
/// <param name="Mark">Compared whole; 0: not looked at.</param>
/// <param name="OutputInterface">Name; empty: not looked at.</param>
public sealed record PolicyRule(AddressFamily Family, uint Priority, uint Mark, string OutputInterface, uint Table);
