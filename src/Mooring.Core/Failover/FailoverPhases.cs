namespace Mooring.Core.Failover;

/// <summary>How a node came to hold an address, step by step, on the machine's clock.</summary>
/// <param name="LastHeard">The last heartbeat in which the holder before claimed it; null when none was heard.</param>
/// <param name="Detected">That holder was known to be gone or to hand over: its detection time was over, or it said so.</param>
/// <param name="Claimed">This node claimed the address. Later than detected where it had to let others go first.</param>
public readonly record struct FailoverPhases(TimeSpan? LastHeard, TimeSpan Detected, TimeSpan Claimed)
{
    /// <summary>From the last sign of the holder before to the claim; zero when there was none.</summary>
    public TimeSpan Silence => LastHeard is { } heard ? Claimed - heard : TimeSpan.Zero;
}
