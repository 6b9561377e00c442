namespace Mooring.Core.Health;

/// <summary>
/// Turns single check results into verdicts: <paramref name="unhealthyThreshold"/> failures in a row take a healthy
/// endpoint out, <paramref name="healthyThreshold"/> successes in a row bring it back. Before the first verdict the
/// endpoint is presumed healthy, as Kubernetes said it is ready.
/// </summary>
/// <param name="unhealthyThreshold">1 or more.</param>
/// <param name="healthyThreshold">1 or more.</param>
/// <param name="verdict">What was found before these checks began; null for nothing.</param>
public sealed class HealthTracker(int unhealthyThreshold, int healthyThreshold, HealthVerdict? verdict = null)
{
    private readonly int _unhealthyThreshold = Checked(unhealthyThreshold, nameof(unhealthyThreshold));
    private readonly int _healthyThreshold = Checked(healthyThreshold, nameof(healthyThreshold));
    private int _failures;
    private int _successes;

    /// <summary>The verdict in force; null until one threshold was reached.</summary>
    public HealthVerdict? Verdict { get; private set; } = verdict;

    /// <summary>Takes the result of one check; returns the new verdict when it changes, else null.</summary>
    /// <param name="success">Whether the check passed.</param>
    /// <param name="reason">Why it failed; ignored on success.</param>
    /// <param name="now">Wall-clock time of the result, for <see cref="HealthVerdict.Since"/>.</param>
    /// <param name="warning">What to look at although it passed; a change of it makes a new verdict.</param>
    public HealthVerdict? Observe(bool success, string reason, DateTimeOffset now, string warning = "")
    {
        if (success)
        {
            _failures = 0;
            _successes = Math.Min(_successes + 1, _healthyThreshold);
            if (Verdict is { Healthy: true } healthy)
            {
                return healthy.Warning == warning ? null : Verdict = healthy with { Warning = warning };
            }

            return _successes == _healthyThreshold
                ? Verdict = new HealthVerdict(true, "", now) { Warning = warning }
                : null;
        }

        _successes = 0;
        _failures = Math.Min(_failures + 1, _unhealthyThreshold);
        return _failures == _unhealthyThreshold && Verdict is not { Healthy: false }
            ? Verdict = new HealthVerdict(false, reason, now)
            : null;
    }

    /// <summary>Another node found it unhealthy: one failure seen here is enough.</summary>
    public void Suspect()
    {
        if (Verdict is not { Healthy: false })
        {
            _failures = _unhealthyThreshold - 1;
        }
    }

    /// <summary>No other endpoint is healthy: one success seen here is enough.</summary>
    public void Trust()
    {
        if (Verdict is { Healthy: false })
        {
            _successes = _healthyThreshold - 1;
        }
    }

    private static int Checked(int threshold, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threshold, 1, name);
        return threshold;
    }
}
