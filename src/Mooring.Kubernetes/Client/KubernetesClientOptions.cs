using System.ComponentModel.DataAnnotations;

namespace Mooring.Kubernetes.Client;

/// <summary>How the client behaves towards the server; where the server is, is in KubernetesClientConfiguration.</summary>
public sealed class KubernetesClientOptions
{
    public const int DefaultMaxRetries = 5;
    public const long DefaultMaxResponseBytes = 256L << 20;
    public const int DefaultMaxObjectBytes = 8 << 20;

    /// <summary>From sending a request to the end of its answer; for a watch, to the start of its answer.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Further attempts after 429 and, where it is safe, 5xx. 0 to 20.</summary>
    [Range(0, 20)]
    public int MaxRetries { get; set; } = DefaultMaxRetries;

    /// <summary>First delay between attempts when the server names none; doubled each time, with jitter of a half.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Longest delay between attempts. A longer Retry-After is left to the caller.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:10:00")]
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Largest answer read, uncompressed; one page of a list is one answer.</summary>
    [Range(1L << 10, 4L << 30)]
    public long MaxResponseBytes { get; set; } = DefaultMaxResponseBytes;

    /// <summary>
    /// Largest object read, on its own or as an event of a watch. etcd refuses objects over 1.5 MB, so 8 MiB is never
    /// met by an honest server.
    /// </summary>
    [Range(1 << 10, 1 << 30)]
    public int MaxObjectBytes { get; set; } = DefaultMaxObjectBytes;

    /// <summary>Requests per second on average; 0 leaves fairness to the server. 0 to 10000.</summary>
    [Range(0, 10_000)]
    public double QueriesPerSecond { get; set; }

    /// <summary>Requests that may go at once before <see cref="QueriesPerSecond"/> holds. 1 to 10000.</summary>
    [Range(1, 10_000)]
    public int Burst { get; set; } = 100;

    /// <summary>Owner of fields written by create, update and patch; null for the program's name.</summary>
    public string? FieldManager { get; set; }
}
