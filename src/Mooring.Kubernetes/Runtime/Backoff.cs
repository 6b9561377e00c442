namespace Mooring.Kubernetes.Runtime;

/// <summary>Delays that double up to a cap, each with jitter of a half, for one loop.</summary>
internal sealed class Backoff(TimeSpan first, TimeSpan cap)
{
    private int _failures;

    public int Failures => _failures;

    public TimeSpan Next()
    {
        var ceiling = Math.Min(cap.TotalSeconds, first.TotalSeconds * Math.Pow(2, Math.Min(_failures++, 60)));
        return TimeSpan.FromSeconds(ceiling * (0.5 + (Random.Shared.NextDouble() / 2)));
    }

    public void Reset() => _failures = 0;
}
