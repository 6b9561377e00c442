namespace Mooring.Kubernetes.Client;

public sealed record WatchOptions
{
    public string? LabelSelector { get; init; }

    public string? FieldSelector { get; init; }

    public string? ResourceVersion { get; init; }

    public bool AllowBookmarks { get; init; } = true;

    /// <summary>How long the server keeps the stream open; null leaves it to the server.</summary>
    public TimeSpan? Timeout { get; init; }
}
