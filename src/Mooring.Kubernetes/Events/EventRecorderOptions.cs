namespace Mooring.Kubernetes.Events;

/// <summary>The defaults are client-go's where it has them.</summary>
public sealed class EventRecorderOptions
{
    /// <summary>Source of the Events.</summary>
    public string Component { get; set; } = "mooring";

    /// <summary>Name of this instance; null takes the machine's.</summary>
    public string? Instance { get; set; }

    /// <summary>Events waiting to be sent; further ones are dropped.</summary>
    public int QueueLength { get; set; } = 1000;

    /// <summary>Events remembered for counting.</summary>
    public int CacheSize { get; set; } = 4096;

    /// <summary>Events about one object that may come at once.</summary>
    public int Burst { get; set; } = 25;

    /// <summary>Events about one object in the long run.</summary>
    public double PerSecond { get; set; } = 1.0 / 300;

    /// <summary>Different messages of one reason about one object that are told apart; from this many on they are combined.</summary>
    public int MaxSimilar { get; set; } = 10;

    /// <summary>Messages further apart than this do not add up to <see cref="MaxSimilar"/>.</summary>
    public TimeSpan SimilarWithin { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Attempts to send one Event while the server cannot be reached.</summary>
    public int Attempts { get; set; } = 4;

    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a stop waits for the queue to empty.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(3);
}
