using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;

namespace Mooring.Core.Placement;

/// <summary>Where an address belongs, and why not elsewhere.</summary>
public sealed record AddressPlacement
{
    /// <summary>Most nodes named as <see cref="Spares"/>.</summary>
    public const int MaxSpares = 16;

    public required IPAddress Address { get; init; }

    /// <summary>The intended holder, then the standbys in the order they take over. Empty when no node is eligible.</summary>
    public ImmutableArray<string> Candidates { get; init; } = [];

    /// <summary>Further eligible nodes, best first, up to <see cref="MaxSpares"/>.</summary>
    public ImmutableArray<string> Spares { get; init; } = [];

    /// <summary>All eligible nodes, those that are neither candidates nor spares included.</summary>
    public IReadOnlySet<string> Eligible { get; init; } = FrozenSet<string>.Empty;

    /// <summary>Eligible nodes that rank behind others because they failed lately.</summary>
    public ImmutableDictionary<string, NodeFailure> Failures { get; init; } =
        ImmutableDictionary<string, NodeFailure>.Empty;

    /// <summary>Eligible nodes whose agent is away for the moment.</summary>
    public ImmutableHashSet<string> Away { get; init; } = [];

    /// <summary>Nodes that may not hold the address, sorted by name.</summary>
    public ImmutableArray<RejectedNode> Rejected { get; init; } = [];

    /// <summary>The eligible nodes can forward nothing, as their agents say: they are candidates for want of others.</summary>
    public bool IsLastResort { get; init; }

    /// <summary>Somebody asked for the first candidate by name.</summary>
    public bool Requested { get; init; }

    public string? Holder => Candidates.IsEmpty ? null : Candidates[0];

    public bool MayBeHeldBy(string node) => Eligible.Contains(node) || Candidates.Contains(node) || Spares.Contains(node);
}
