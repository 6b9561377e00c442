using System.Net;

namespace Mooring.Linux.Netlink;

/// <summary>A next hop of a default route of the main table.</summary>
/// <param name="Metric">Lower is preferred.</param>
public sealed record DefaultGateway(IPAddress Address, int InterfaceIndex, uint Metric);
