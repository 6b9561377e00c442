using Mooring.Kubernetes.Client;

namespace Mooring.Kubernetes.Caching;

/// <summary>What an informer follows, and how patient it is.</summary>
public sealed record InformerOptions
{
    /// <summary>Null follows all namespaces.</summary>
    public string? Namespace { get; init; }

    public string? LabelSelector { get; init; }

    public string? FieldSelector { get; init; }

    /// <summary>
    /// Take lists as the first events of a watch, which costs the server least. One that does not send them so is
    /// listed in pages.
    /// </summary>
    public bool StreamLists { get; init; } = true;

    /// <summary>A streamed list silent for this long without having ended is asked for in pages.</summary>
    public TimeSpan InitialEventsTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>What the store keeps of each object.</summary>
    public ObjectFields Fields { get; init; } = ObjectFields.WithoutManagedFields;

    /// <summary>Objects per page of a list.</summary>
    public int PageSize { get; init; } = 500;

    /// <summary>
    /// Shortest time a watch is asked to last; each gets up to twice that, so that watches do not all end at once.
    /// client-go's value.
    /// </summary>
    public TimeSpan WatchTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// A watch silent for this long is taken for dead and opened again where it stopped. Servers send a bookmark every
    /// minute, so one that is well is never this silent.
    /// </summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(150);

    /// <summary>First delay after a failure; doubled with each further one up to <see cref="MaxRetryDelay"/>.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(30);
}
