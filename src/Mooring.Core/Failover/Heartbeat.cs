using System.Collections.Immutable;

namespace Mooring.Core.Failover;

/// <summary>What one node tells another, authenticated and not a replay.</summary>
public sealed record Heartbeat
{
    /// <summary>Name of the sending node.</summary>
    public required string Sender { get; init; }

    /// <summary>Number of the sender's present start; larger than that of every start before.</summary>
    public required ulong Epoch { get; init; }

    /// <summary>Revision of the snapshot the sender works from.</summary>
    public ulong Revision { get; init; }

    /// <summary>The start of the receiver that the sender has heard within its detection time; 0 when it has not.</summary>
    public ulong ReceiverEpoch { get; init; }

    /// <summary>The sender shuts down and takes nothing over.</summary>
    public bool Leaving { get; init; }

    /// <summary>Addresses the sender answers for, or has just let go. What is not listed is not spoken of.</summary>
    public ImmutableArray<AddressClaim> Claims { get; init; } = [];
}
