using System.Net;

namespace Mooring.Core.Surroundings;

/// <summary>Something on a node that stands in the way of an address.</summary>
/// <param name="Message">With the fix.</param>
public sealed record AddressObstacle(IPAddress Address, string Message);
