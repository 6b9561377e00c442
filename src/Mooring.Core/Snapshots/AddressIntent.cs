using System.Collections.Immutable;
using System.Net;

namespace Mooring.Core.Snapshots;

/// <summary>One address and the nodes that may hold it.</summary>
public sealed record AddressIntent
{
    public required IPAddress Address { get; init; }

    /// <summary>Node names, best first: the intended holder, then the standbys in the order they take over.</summary>
    public ImmutableArray<string> Candidates { get; init; } = [];

    /// <summary>Highest term the controller has seen for this address; a new claim must exceed it.</summary>
    public ulong Term { get; init; }

    /// <summary>Null when the address stays where it is.</summary>
    public MoveIntent? Move { get; init; }
}
