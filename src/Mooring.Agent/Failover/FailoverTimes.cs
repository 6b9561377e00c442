namespace Mooring.Agent.Failover;

/// <summary>When this node came to hold an address, step by step, by its wall clock.</summary>
/// <param name="LastHeard">The last heartbeat in which the holder before claimed it; null when none was heard.</param>
/// <param name="Detected">That holder was known to be gone or to hand over.</param>
/// <param name="Claimed">This node claimed the address.</param>
/// <param name="Announced">The first announcement was sent.</param>
internal sealed record FailoverTimes(
    DateTimeOffset? LastHeard, DateTimeOffset Detected, DateTimeOffset Claimed, DateTimeOffset Announced);
