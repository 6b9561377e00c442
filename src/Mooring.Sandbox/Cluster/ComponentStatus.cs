namespace Mooring.Sandbox.Cluster;

/// <param name="State">Running, Frozen, Killed or Crashed.</param>
/// <param name="ResidentMegabytes">Resident memory in units of 10^6 bytes.</param>
internal sealed record ComponentStatus(
    string Name, string State, int? ProcessId, int Starts, double ResidentMegabytes, string Log);
