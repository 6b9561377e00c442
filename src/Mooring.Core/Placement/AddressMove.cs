namespace Mooring.Core.Placement;

/// <summary>A planned move of one address. Times are on the clock of <see cref="MoveContext.Now"/>.</summary>
public sealed record AddressMove
{
    /// <summary>The present holder.</summary>
    public required string From { get; init; }

    public required string To { get; init; }

    /// <summary>Why the holder may not keep the address; null when another node is merely better.</summary>
    public IneligibleReason? Evacuates { get; init; }

    /// <summary>Somebody asked for <see cref="To"/> by name: there is nothing to wait for.</summary>
    public bool Requested { get; init; }

    public MoveStage Stage { get; init; } = MoveStage.Waiting;

    /// <summary>Since when <see cref="To"/> is the node to move to.</summary>
    public required TimeSpan WantedSince { get; init; }

    /// <summary>When the stage was reached.</summary>
    public required TimeSpan StageSince { get; init; }

    /// <summary>It does not begin before.</summary>
    public TimeSpan NotBefore { get; init; }

    /// <summary>First revision that named <see cref="To"/> a candidate; null while none is published.</summary>
    public ulong? PreparedBy { get; init; }

    /// <summary>Number of the request once the holder was asked; see <see cref="Snapshots.MoveIntent"/>.</summary>
    public ulong Id { get; init; }

    /// <summary>Tries that came to nothing.</summary>
    public int Failures { get; init; }

    public bool InFlight => Stage != MoveStage.Waiting;
}
