using System.Collections.Immutable;
using System.Net;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Snapshots;

/// <param name="Snapshot">What the agents should have; its revision is 0 until it is published.</param>
/// <param name="AddressOwners">Accepted addresses, for the next build.</param>
internal sealed record BuildResult(
    ClusterSnapshot Snapshot,
    ImmutableArray<VirtualIpEvaluation> VirtualIps,
    ImmutableArray<PoolEvaluation> Pools,
    ImmutableDictionary<IPAddress, NamespacedName> AddressOwners);
