using Mooring.Controller.Agents;
using Mooring.Core.Failover;
using Mooring.Core.Placement;

namespace Mooring.Controller.World;

/// <summary>Which changes of holder mean that the node before failed.</summary>
internal static class HolderFailures
{
    /// <summary>Reason of a node whose agent stayed away.</summary>
    public const string AgentLost = "AgentLost";

    /// <summary>
    /// The next holder's reason: it heard nothing any more, was told by a holder that could not go on (a dead link, a
    /// deadline), or heard it come back without the address. A planned move is no failure.
    /// </summary>
    public static bool IsFailure(string? reason) => reason
        is nameof(HolderChangeReason.HeartbeatTimeout)
        or nameof(HolderChangeReason.Released)
        or nameof(HolderChangeReason.HolderRestarted);

    public static FailureMemory Add(this FailureMemory memory, HolderMove move, DateTimeOffset now, TimeSpan halfLife) =>
        move is { IsFailover: true, From: { } from } && IsFailure(move.Reason)
            ? memory.Add(from, move.Reason!, move.To.Since < now ? move.To.Since : now, halfLife)
            : memory;
}
