namespace Mooring.Kubernetes.Runtime;

/// <summary>Outcome of one reconcile: done, or to be run again after a delay.</summary>
public readonly record struct ReconciliationResult(TimeSpan? RequeueAfter)
{
    public static ReconciliationResult Done => default;

    public static ReconciliationResult RetryAfter(TimeSpan delay) => new(delay);
}
