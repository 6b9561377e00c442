using System.Collections.Immutable;
using Mooring.Core.Placement;
using Mooring.Core.Snapshots;
using Mooring.Core.Surroundings;

namespace Mooring.Controller.World;

/// <summary>What is known of the agent of one node.</summary>
internal sealed record AgentFacts
{
    public required string Node { get; init; }

    public required AgentPresence Presence { get; init; }

    /// <summary>Revision that it works from; 0 for none.</summary>
    public ulong AppliedRevision { get; init; }

    /// <summary>Interfaces as the agent last described them, also after it went away.</summary>
    public ImmutableArray<NodeInterface> Interfaces { get; init; } = [];

    public ImmutableArray<ForwardingMode> ForwardingModes { get; init; } = [];

    /// <summary>Why the node can forward nothing: its kernel lacks what is needed, or has refused everything for a while. Null when it can.</summary>
    public string? CannotForward { get; init; }

    /// <summary>What the agent finds wrong with its node, each with the fix.</summary>
    public ImmutableArray<string> Problems { get; init; } = [];

    /// <summary>What the agent finds in the way of an address.</summary>
    public ImmutableArray<AddressObstacle> AddressProblems { get; init; } = [];
}
