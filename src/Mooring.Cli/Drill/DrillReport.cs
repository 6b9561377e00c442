namespace Mooring.Cli.Drill;

/// <param name="To">Null when the address did not move.</param>
/// <param name="OutageMillis">As seen from where the command ran.</param>
/// <param name="DetectMillis">From the last heartbeat to the decision, as the agents tell; so is the next.</param>
/// <param name="TakeoverMillis">From the decision to the first announcement.</param>
internal sealed record DrillReport(
    string Target, string From, string? To, string? Reason, double OutageMillis, int Attempts, int Failures, long? DetectMillis,
    long? TakeoverMillis);
