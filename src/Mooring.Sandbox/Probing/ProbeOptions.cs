namespace Mooring.Sandbox.Probing;

/// <summary>How a steady client asks.</summary>
internal sealed record ProbeOptions
{
    public static readonly TimeSpan DefaultInterval = TimeSpan.FromMilliseconds(5);

    /// <summary>Below the kernel's first SYN retransmission at 1 s, so that each request is one attempt.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromMilliseconds(900);

    public static readonly TimeSpan DefaultDuration = TimeSpan.FromSeconds(10);

    /// <summary>What to ask: <c>http://HOST:PORT/PATH</c>, <c>tcp://HOST:PORT</c> or <c>udp://HOST:PORT</c>.</summary>
    public required Uri Url { get; init; }

    /// <summary>From the start of one request to the start of the next, each on a connection of its own.</summary>
    public TimeSpan Interval { get; init; } = DefaultInterval;

    public TimeSpan Timeout { get; init; } = DefaultTimeout;

    /// <summary>How long to start requests; null until cancelled.</summary>
    public TimeSpan? Duration { get; init; } = DefaultDuration;
}
