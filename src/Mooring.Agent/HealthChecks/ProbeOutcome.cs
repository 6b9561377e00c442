namespace Mooring.Agent.HealthChecks;

/// <summary>Result of one check.</summary>
/// <param name="Reason">Why it failed, in the words of the failure; empty on success.</param>
internal readonly record struct ProbeOutcome(bool Success, string Reason)
{
    public static ProbeOutcome Passed => new(true, "");

    public static ProbeOutcome Failed(string reason) => new(false, reason);
}
