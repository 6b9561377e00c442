namespace Mooring.Agent.Speaker;

/// <summary>When announcements are sent.</summary>
internal sealed record SpeakerOptions
{
    /// <summary>
    /// Pauses between the pairs of a burst; the first pair goes out at once. A burst repeats what a full queue, a port
    /// that is still blocking or a lost frame may have swallowed.
    /// </summary>
    public IReadOnlyList<TimeSpan> Burst { get; init; } =
    [
        TimeSpan.FromMilliseconds(50),
        TimeSpan.FromMilliseconds(100),
        TimeSpan.FromMilliseconds(350),
        TimeSpan.FromMilliseconds(500),
        TimeSpan.FromSeconds(1),
    ];

    /// <summary>
    /// Pause between the pairs after the burst, well below the 300 s after which switches forget a MAC address.
    /// </summary>
    public TimeSpan Refresh { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Each refresh comes up to this share earlier or later, so that thousands of addresses make no bursts.</summary>
    public double RefreshJitter { get; init; } = 0.2;

    /// <summary>The pause after the pair number <paramref name="sent"/> of a burst, counted from 1.</summary>
    public TimeSpan PauseAfter(int sent) => sent <= Burst.Count
        ? Burst[sent - 1]
        : Refresh * (1 + (RefreshJitter * ((2 * Random.Shared.NextDouble()) - 1)));
}
