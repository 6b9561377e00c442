using System.Net;
using System.Net.NetworkInformation;

namespace Mooring.Agent.Speaker;

/// <param name="Timestamp"><see cref="TimeProvider.GetTimestamp"/> at reception.</param>
internal sealed record ObservedClaim(IPAddress Address, PhysicalAddress MacAddress, string InterfaceName, long Timestamp);
