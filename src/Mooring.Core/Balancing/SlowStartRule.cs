namespace Mooring.Core.Balancing;

/// <summary>How much of its weight an endpoint gets that has become ready: a tenth at first, a tenth more at each step.</summary>
public static class SlowStartRule
{
    public const int FirstPercent = 10;

    /// <summary>From the first tenth to the whole.</summary>
    private const int Steps = 9;

    /// <param name="elapsed">Since the endpoint became ready.</param>
    /// <param name="window">After which it has its whole weight; more than zero.</param>
    public static int PercentAfter(TimeSpan elapsed, TimeSpan window) =>
        elapsed >= window ? 100 : FirstPercent * (1 + StepAt(elapsed, window));

    /// <summary>How long the share stays as it is; null when it is whole.</summary>
    public static TimeSpan? UntilNext(TimeSpan elapsed, TimeSpan window) =>
        elapsed >= window ? null : new TimeSpan(((StepAt(elapsed, window) + 1) * window.Ticks / Steps) + 1) - elapsed;

    private static int StepAt(TimeSpan elapsed, TimeSpan window) => (int)(elapsed.Ticks * Steps / window.Ticks);
}
