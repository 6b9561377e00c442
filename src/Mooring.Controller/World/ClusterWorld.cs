using System.Collections.Immutable;
using System.Net;
using k8s.Models;
using Mooring.Api.V1Alpha1;
using Mooring.Controller.Agents;
using Mooring.Core.Placement;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.World;

/// <summary>Everything a snapshot is computed from, read once. The objects are shared with the caches: never changed.</summary>
internal sealed record ClusterWorld
{
    public IReadOnlyCollection<V1Alpha1VirtualIp> VirtualIps { get; init; } = [];

    public IReadOnlyCollection<V1Alpha1BackendPool> BackendPools { get; init; } = [];

    public IReadOnlyCollection<V1Alpha1AddressPool> AddressPools { get; init; } = [];

    /// <summary>Claims as they are stored, those that were just written included.</summary>
    public IReadOnlyCollection<V1Alpha1AddressClaim> AddressClaims { get; init; } = [];

    /// <summary>Addresses whose claim is being written, and for whom.</summary>
    public ImmutableDictionary<IPAddress, NamespacedName> PendingClaims { get; init; } =
        ImmutableDictionary<IPAddress, NamespacedName>.Empty;

    /// <summary>Addresses that agents looked for on the network.</summary>
    public ImmutableDictionary<IPAddress, ProbeAnswer> Probes { get; init; } = ImmutableDictionary<IPAddress, ProbeAnswer>.Empty;

    /// <summary>Nodes whose agent can be asked to look.</summary>
    public ImmutableHashSet<string> ProbingNodes { get; init; } = [];

    /// <summary>Addresses that another machine was found to use, in words.</summary>
    public IEnumerable<KeyValuePair<IPAddress, string>> Occupied => Probes
        .Where(probe => probe.Value.State == ProbeState.Occupied)
        .Select(probe => KeyValuePair.Create(probe.Key, probe.Value.User));

    public IReadOnlyCollection<V1Namespace> Namespaces { get; init; } = [];

    public IReadOnlyCollection<V1Service> Services { get; init; } = [];

    public IReadOnlyCollection<V1EndpointSlice> EndpointSlices { get; init; } = [];

    public IReadOnlyCollection<V1Pod> Pods { get; init; } = [];

    public IReadOnlyCollection<V1Node> Nodes { get; init; } = [];

    public CertificateAuthorities Authorities { get; init; } = CertificateAuthorities.None;

    public ImmutableDictionary<string, AgentFacts> Agents { get; init; } =
        ImmutableDictionary<string, AgentFacts>.Empty;

    /// <summary>Who answers for an address, by the agents' word.</summary>
    public ImmutableDictionary<IPAddress, HolderClaim> Holders { get; init; } =
        ImmutableDictionary<IPAddress, HolderClaim>.Empty;

    /// <summary>Highest term seen for an address.</summary>
    public ImmutableDictionary<IPAddress, ulong> Terms { get; init; } = ImmutableDictionary<IPAddress, ulong>.Empty;

    /// <summary>The VirtualIp that had an address accepted before: it keeps it from any other.</summary>
    public ImmutableDictionary<IPAddress, NamespacedName> AddressOwners { get; init; } =
        ImmutableDictionary<IPAddress, NamespacedName>.Empty;

    /// <summary>Moves of addresses as of the last build.</summary>
    public ImmutableDictionary<IPAddress, AddressMove> Moves { get; init; } =
        ImmutableDictionary<IPAddress, AddressMove>.Empty;

    /// <summary>The snapshot all agents should have, null before the first.</summary>
    public ClusterSnapshot? Published { get; init; }

    /// <summary>Endpoints that have left their pool and drain, and until when on the <see cref="Clock"/>, as of the last build.</summary>
    public ImmutableDictionary<EndpointKey, TimeSpan> Departures { get; init; } =
        ImmutableDictionary<EndpointKey, TimeSpan>.Empty;

    /// <summary>What each agent could not program.</summary>
    public ImmutableDictionary<string, ImmutableArray<Refusal>> Refusals { get; init; } =
        ImmutableDictionary<string, ImmutableArray<Refusal>>.Empty;

    public FailureMemory Failures { get; init; } = FailureMemory.Empty;

    public PlacementPolicy Policy { get; init; } = PlacementPolicy.Default;

    public DateTimeOffset Now { get; init; }

    /// <summary>Monotonic, for delays.</summary>
    public TimeSpan Clock { get; init; }

    public ImmutableArray<HeartbeatKey> HeartbeatKeys { get; init; } = [];
}
