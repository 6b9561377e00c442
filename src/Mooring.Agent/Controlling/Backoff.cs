namespace Mooring.Agent.Controlling;

/// <summary>Delays between attempts to connect: short at first, doubling, capped, with jitter.</summary>
internal sealed class Backoff
{
    public static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    private int _attempts;

    public void Reset() => _attempts = 0;

    /// <summary>Half to all of the step, so that a thousand agents do not come back in one moment.</summary>
    public TimeSpan Next()
    {
        var step = First * Math.Pow(2, Math.Min(_attempts++, 10));
        return (step < Longest ? step : Longest) * (0.5 + (0.5 * Random.Shared.NextDouble()));
    }
}
