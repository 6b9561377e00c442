namespace Mooring.Sandbox.Probing;

/// <summary>
/// A run of requests that failed or were answered late: from the start of the last good one before to the answer of the
/// next good one.
/// </summary>
/// <param name="StartMilliseconds">Since the probe's start.</param>
/// <param name="Failures">How many of them were not answered at all.</param>
/// <param name="Ended">False when no request was good after it.</param>
internal sealed record ProbeOutage(double StartMilliseconds, double LengthMilliseconds, int Failures, bool Ended);
