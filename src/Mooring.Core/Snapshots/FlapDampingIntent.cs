namespace Mooring.Core.Snapshots;

/// <summary>How long an endpoint stays out that falls again and again.</summary>
/// <param name="Falls">From so many within <paramref name="Within"/> on it is held, 2 to 100.</param>
/// <param name="Within">Over which falls are counted.</param>
/// <param name="HoldTime">For so long it stays out, and twice as long with each further fall.</param>
/// <param name="MaxHoldTime">The longest it stays out.</param>
public sealed record FlapDampingIntent(int Falls, TimeSpan Within, TimeSpan HoldTime, TimeSpan MaxHoldTime)
{
    public static readonly FlapDampingIntent Default =
        new(3, TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(5));
}
