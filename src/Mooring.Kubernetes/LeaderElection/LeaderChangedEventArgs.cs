namespace Mooring.Kubernetes.LeaderElection;

public sealed class LeaderChangedEventArgs(string? identity) : EventArgs
{
    /// <summary>The new leader; null when the lease was given up and nobody has taken it.</summary>
    public string? Identity { get; } = identity;
}
