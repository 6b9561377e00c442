using System.Collections.Immutable;
using System.Net;
using Mooring.Core.Failover;

namespace Mooring.Agent.Failover;

/// <summary>A heartbeat made ready for the ways it takes; sent again as it is while it says the same.</summary>
/// <param name="Message">The part that is the same in every packet.</param>
/// <param name="Ways">The paths, where to, and the claims that belong there.</param>
internal sealed record PreparedHeartbeat(
    Heartbeat Message,
    ImmutableArray<(HeartbeatPath Path, SocketAddress To, AddressClaim[] Claims)> Ways);
