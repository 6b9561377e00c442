using System.Collections.Immutable;
using System.Net;

namespace Mooring.Core.Placement;

/// <summary>What is known when moves are planned.</summary>
public sealed record MoveContext
{
    /// <summary>Monotonic.</summary>
    public TimeSpan Now { get; init; }

    /// <summary>Who answers for each address.</summary>
    public required IReadOnlyDictionary<IPAddress, string> Holders { get; init; }

    /// <summary>Moves as of the last plan.</summary>
    public ImmutableDictionary<IPAddress, AddressMove> Moves { get; init; } =
        ImmutableDictionary<IPAddress, AddressMove>.Empty;

    /// <summary>Revision that each connected agent works from; an agent without a stream is not in it.</summary>
    public required IReadOnlyDictionary<string, ulong> Applied { get; init; }

    /// <summary>Revision published last, 0 for none.</summary>
    public ulong Published { get; init; }

    /// <summary>Candidates of each address in the revision published last.</summary>
    public required IReadOnlyDictionary<IPAddress, ImmutableArray<string>> PublishedCandidates { get; init; }

    /// <summary>The node's agent could not program the address.</summary>
    public required Func<string, IPAddress, bool> Refuses { get; init; }
}
