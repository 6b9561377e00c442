namespace Mooring.Agent.HealthChecks;

/// <summary>Spreads checks over their interval, so that thousands make no bursts.</summary>
internal static class CheckPhase
{
    /// <summary>Delay before the first check: 0 to one interval, the same at every start for one node and endpoint.</summary>
    public static TimeSpan Of(HealthCheckTarget target, string nodeName)
    {
        // FNV-1a: spread is all that is asked of it.
        var hash = 2166136261u;
        foreach (var character in $"{nodeName}|{target.BackendSetId}|{target.Backend}")
        {
            hash = unchecked((hash ^ character) * 16777619u);
        }

        return target.Check.Interval * (hash / (double)uint.MaxValue);
    }
}
