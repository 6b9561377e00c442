namespace Mooring.Kubernetes.Client;

public sealed record DeleteOptions
{
    /// <summary>"Background", "Foreground" or "Orphan"; null for the kind's default.</summary>
    public string? PropagationPolicy { get; init; }

    public long? GracePeriodSeconds { get; init; }

    /// <summary>Delete only the object with this uid; another is refused with 409.</summary>
    public string? Uid { get; init; }

    /// <summary>Delete the object only if it has not changed since; another version is refused with 409.</summary>
    public string? ResourceVersion { get; init; }
}
