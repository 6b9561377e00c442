namespace Mooring.Kubernetes.Client;

public sealed record ListOptions
{
    public string? LabelSelector { get; init; }

    public string? FieldSelector { get; init; }

    /// <summary>Objects per page; 0 asks for all at once.</summary>
    public int Limit { get; init; } = 500;

    /// <summary>"0" accepts any cached version; null asks for the newest.</summary>
    public string? ResourceVersion { get; init; }

    public ObjectFields Fields { get; init; }
}
