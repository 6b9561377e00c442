using System.Net;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Health;

/// <summary>When a check is due: spread over the interval by a hash, so that thousands make no bursts.</summary>
public static class CheckSchedule
{
    private static readonly TimeSpan Overdue = TimeSpan.FromMilliseconds(250);

    /// <summary>Delay before the first check: 0 to one interval, the same at every start for one node and endpoint.</summary>
    /// <param name="check">The settings.</param>
    /// <param name="node">Who checks.</param>
    /// <param name="backendSetId">The endpoint's set.</param>
    /// <param name="backend">The endpoint.</param>
    /// <param name="failing">It is known to be unhealthy already.</param>
    public static TimeSpan First(HealthCheckIntent check, string node, string backendSetId, IPEndPoint backend, bool failing)
    {
        // FNV-1a: spread is all that is asked of it.
        var hash = 2166136261u;
        foreach (var character in $"{node}|{backendSetId}|{backend}")
        {
            hash = unchecked((hash ^ character) * 16777619u);
        }

        return Interval(check, failing) * (hash / (double)uint.MaxValue);
    }

    /// <summary>When the next check is due. The rhythm is kept: a check that took long does not move those after it.</summary>
    /// <param name="check">The settings.</param>
    /// <param name="due">When the check before was due.</param>
    /// <param name="now">When it ended, on the same clock.</param>
    /// <param name="failing">The endpoint failed its last check or has not recovered yet.</param>
    /// <param name="random">From 0 up to 1.</param>
    public static TimeSpan Next(HealthCheckIntent check, TimeSpan due, TimeSpan now, bool failing, double random)
    {
        var interval = Interval(check, failing) * (1 + (check.JitterPercent / 100.0 * ((2 * random) - 1)));
        var next = due + interval;
        if (next >= now)
        {
            return next;
        }

        // Missed by more than an interval, as after a pause of the machine: at once, and from there on.
        return now - next > interval ? now : next + interval;
    }

    /// <summary>
    /// The end of a check without an answer was noticed so late that it says more of this node than of the endpoint: without
    /// CPU time, an answer that is there in time is read after the timeout.
    /// </summary>
    public static bool IsDoubtful(HealthCheckIntent check, TimeSpan took) => took > check.Timeout + Overdue;

    private static TimeSpan Interval(HealthCheckIntent check, bool failing) =>
        failing && check.FailingInterval is { } faster && faster < check.Interval ? faster : check.Interval;
}
