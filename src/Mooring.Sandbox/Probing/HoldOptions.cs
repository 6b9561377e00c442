using System.Net;

namespace Mooring.Sandbox.Probing;

/// <summary>How connections are kept and used.</summary>
internal sealed record HoldOptions
{
    public const int DefaultConnections = 300;
    public static readonly TimeSpan DefaultInterval = TimeSpan.FromMilliseconds(100);
    public static readonly TimeSpan DefaultDuration = TimeSpan.FromSeconds(10);

    /// <summary>Above what TCP takes to send again after an outage of several seconds.</summary>
    public static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(20);

    /// <summary>A pod's TCP echo, or a VIP in front of it.</summary>
    public required IPEndPoint Target { get; init; }

    public int Connections { get; init; } = DefaultConnections;

    /// <summary>From one exchange of a connection to its next.</summary>
    public TimeSpan Interval { get; init; } = DefaultInterval;

    public TimeSpan Duration { get; init; } = DefaultDuration;

    /// <summary>An exchange that takes longer counts its connection as lost.</summary>
    public TimeSpan Patience { get; init; } = DefaultPatience;
}
