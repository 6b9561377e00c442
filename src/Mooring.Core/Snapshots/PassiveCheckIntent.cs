namespace Mooring.Core.Snapshots;

/// <summary>When connections of clients that an endpoint does not answer make it suspect.</summary>
/// <param name="Failures">TCP handshakes refused or unanswered within <paramref name="Window"/>, 1 to 1000.</param>
/// <param name="Window">Over which they are counted.</param>
/// <param name="EjectionTime">For so long it stays out when a check confirms it, and longer each time.</param>
/// <param name="MaxEjectionTime">The longest it stays out.</param>
/// <param name="MaxEjectedPercent">Share of the set's endpoints that may be out this way, 0 to 100.</param>
public sealed record PassiveCheckIntent(
    int Failures, TimeSpan Window, TimeSpan EjectionTime, TimeSpan MaxEjectionTime, int MaxEjectedPercent)
{
    public static readonly PassiveCheckIntent Default =
        new(5, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(5), 50);
}
