namespace Mooring.Controller.Agents;

/// <summary>The steps of a takeover by the wall clock of the agent that took the address.</summary>
internal sealed record MovePhases
{
    /// <summary>Null when nothing was heard of a holder before.</summary>
    public DateTimeOffset? LastHeard { get; init; }

    public DateTimeOffset? Detected { get; init; }

    public DateTimeOffset? Claimed { get; init; }

    /// <summary>The first announcement.</summary>
    public DateTimeOffset? Announced { get; init; }

    /// <summary>Null while none was forwarded, or when none was within a second.</summary>
    public DateTimeOffset? FirstPacket { get; init; }
}
