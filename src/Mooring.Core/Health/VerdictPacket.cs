using System.Collections.Immutable;

namespace Mooring.Core.Health;

/// <summary>One packet from node to node about the verdicts of the sender.</summary>
public sealed record VerdictPacket
{
    public required string Sender { get; init; }

    public required string Receiver { get; init; }

    /// <summary>Larger with every start of the sender.</summary>
    public required ulong Epoch { get; init; }

    /// <summary>Larger with every packet of the sender in its epoch.</summary>
    public required ulong Sequence { get; init; }

    /// <summary>All records of the sender after this packet, combined by exclusive or.</summary>
    public ulong Digest { get; init; }

    /// <summary>Sequence from which on every record has been sent once more; 0 for never.</summary>
    public ulong WholeFrom { get; init; }

    /// <summary>The sender asks the receiver for all records of the receiver.</summary>
    public bool AsksForAll { get; init; }

    public ImmutableArray<VerdictRecord> Records { get; init; } = [];
}
