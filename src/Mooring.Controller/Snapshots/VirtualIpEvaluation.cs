using System.Collections.Immutable;
using Mooring.Controller.Validation;
using Mooring.Core.Placement;

namespace Mooring.Controller.Snapshots;

/// <summary>What one VirtualIp came to: the base of its status.</summary>
internal sealed record VirtualIpEvaluation
{
    public required VirtualIpSettings Settings { get; init; }

    /// <summary>What keeps it from being accepted; empty when it is.</summary>
    public ImmutableArray<Finding> Findings { get; init; } = [];

    public bool Accepted => Findings.IsEmpty;

    /// <summary>All that is missing is an address, which is being taken from the pool.</summary>
    public bool Pending => Findings is [{ Reason: Reasons.AllocationPending }];

    public ImmutableArray<PortEvaluation> Ports { get; init; } = [];

    /// <summary>In the order of the spec's addresses; empty when not accepted.</summary>
    public ImmutableArray<AddressPlacement> Placements { get; init; } = [];

    /// <summary>What is published of each address, in the same order.</summary>
    public ImmutableArray<PlannedAddress> Planned { get; init; } = [];

    /// <summary>The move of each address that is not where it belongs, in the same order.</summary>
    public ImmutableArray<AddressMove?> Moves { get; init; } = [];

    public ForwardingEvaluation? Forwarding { get; init; }

    /// <summary>It is part of the snapshot: accepted, with a port that can be served.</summary>
    public bool Published { get; init; }
}
