namespace Mooring.Core.Placement;

/// <summary>How fast addresses are moved on purpose.</summary>
public sealed record MoveOptions
{
    public const int DefaultMaxInFlight = 10;

    public static readonly TimeSpan DefaultFailbackDelay = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(10);
    public static readonly MoveOptions Default = new();

    /// <summary>Moves under way at a time in the whole cluster, 1 or more. An address has one at a time.</summary>
    public int MaxInFlight { get; init; } = DefaultMaxInFlight;

    /// <summary>How long another node must have been the better one before it gets the address, 0 or more.</summary>
    public TimeSpan FailbackDelay { get; init; } = DefaultFailbackDelay;

    /// <summary>How long a move may take before it is given up for a while.</summary>
    public TimeSpan Timeout { get; init; } = DefaultTimeout;
}
