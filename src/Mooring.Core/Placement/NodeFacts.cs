using System.Collections.Immutable;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Placement;

/// <summary>What placement needs to know of a node, from its Node object and its agent.</summary>
public sealed record NodeFacts
{
    /// <summary>Nodes with this label, whatever its value, hold no address (a well-known label of Kubernetes).</summary>
    public const string ExcludeLabel = "node.kubernetes.io/exclude-from-external-load-balancers";

    /// <summary>Nodes with this annotation set to <c>true</c> give up their addresses, one after the other.</summary>
    public const string DrainAnnotation = "mooring.dev/drain";

    public required string Name { get; init; }

    public required AgentPresence Agent { get; init; }

    /// <summary>The node's Ready condition is True.</summary>
    public required bool Ready { get; init; }

    /// <summary>The node's NetworkUnavailable condition is True.</summary>
    public bool NetworkUnavailable { get; init; }

    /// <summary>The node was asked to give up its addresses.</summary>
    public bool Draining { get; init; }

    /// <summary><c>spec.unschedulable</c>; counts only with <see cref="PlacementOptions.CordonDrains"/>.</summary>
    public bool Unschedulable { get; init; }

    public ImmutableDictionary<string, string> Labels { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Interfaces as the agent last described them; empty when it has not yet.</summary>
    public ImmutableArray<NodeInterface> Interfaces { get; init; } = [];

    /// <summary>Why the node can forward nothing, in its agent's words; null for a node that can.</summary>
    public string? CannotForward { get; init; }

    /// <summary>It failed lately, so it ranks behind nodes that did not; null for a node that did not.</summary>
    public NodeFailure? RecentFailure { get; init; }

    /// <summary>Share of the addresses relative to other nodes, 1 or more.</summary>
    public int Weight { get; init; } = 1;
}
