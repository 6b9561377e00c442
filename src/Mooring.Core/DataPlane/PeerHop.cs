using System.Net;

namespace Mooring.Core.DataPlane;

/// <param name="Address">The peer's address on a shared segment.</param>
/// <param name="Interface">This node's interface there.</param>
public sealed record PeerHop(IPAddress Address, string Interface);
