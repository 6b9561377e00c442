namespace Mooring.Kubernetes.Client;

public sealed record WatchOptions
{
    public string? LabelSelector { get; init; }

    public string? FieldSelector { get; init; }

    public string? ResourceVersion { get; init; }

    public bool AllowBookmarks { get; init; } = true;

    /// <summary>
    /// Begin with every object there is as <see cref="WatchEventType.Added"/>, then a bookmark with
    /// <see cref="WatchEvent{T}.EndsInitialEvents"/>, then changes. Servers before 1.32 refuse this with 422 or, before
    /// 1.27, know nothing of it and send no such bookmark.
    /// </summary>
    public bool SendInitialEvents { get; init; }

    /// <summary>How long the server keeps the stream open; null leaves it to the server.</summary>
    public TimeSpan? Timeout { get; init; }

    public ObjectFields Fields { get; init; }
}
