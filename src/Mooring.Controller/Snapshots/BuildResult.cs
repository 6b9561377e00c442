using System.Collections.Immutable;
using System.Net;
using Mooring.Controller.Agents;
using Mooring.Controller.Allocation;
using Mooring.Core.Placement;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Snapshots;

/// <param name="Snapshot">What the agents should have; its revision is 0 until it is published.</param>
/// <param name="AddressOwners">Accepted addresses, for the next build.</param>
internal sealed record BuildResult(
    ClusterSnapshot Snapshot,
    ImmutableArray<VirtualIpEvaluation> VirtualIps,
    ImmutableArray<PoolEvaluation> Pools,
    ImmutableDictionary<IPAddress, NamespacedName> AddressOwners)
{
    /// <summary>Moves of addresses, for the next build.</summary>
    public ImmutableDictionary<IPAddress, AddressMove> Moves { get; init; } =
        ImmutableDictionary<IPAddress, AddressMove>.Empty;

    /// <summary>Endpoints that have left their pool and drain, for the next build.</summary>
    public ImmutableDictionary<EndpointKey, TimeSpan> Departures { get; init; } =
        ImmutableDictionary<EndpointKey, TimeSpan>.Empty;

    public ImmutableArray<ClaimChange> ClaimChanges { get; init; } = [];

    /// <summary>Addresses to look for on the network before they are taken.</summary>
    public ImmutableArray<IPAddress> Probes { get; init; } = [];

    /// <summary>Addresses that were looked for and have been taken since.</summary>
    public ImmutableArray<IPAddress> Taken { get; init; } = [];

    public ImmutableArray<AddressPoolEvaluation> AddressPools { get; init; } = [];

    /// <summary>When a build may come out differently by itself, on the clock of the world; null for never.</summary>
    public TimeSpan? NextCheck { get; init; }
}
