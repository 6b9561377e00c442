using System.Collections.Immutable;
using System.Net.Sockets;

namespace Mooring.Core.Snapshots;

/// <summary>
/// A BackendPool resolved for one target port: concrete endpoints, shared by every VIP port that uses the pool with
/// that target port.
/// </summary>
public sealed record BackendSet
{
    public static readonly TimeSpan DefaultDrainTimeout = TimeSpan.FromSeconds(30);

    /// <summary><c>namespace/pool:targetPort</c>, unique in a snapshot.</summary>
    public required string Id { get; init; }

    public required NamespacedName Pool { get; init; }

    public BalancingAlgorithm Algorithm { get; init; } = BalancingAlgorithm.Maglev;

    /// <summary>How long a client stays with its backend after its last flow; null for no affinity.</summary>
    public TimeSpan? ClientAffinityTimeout { get; init; }

    public HealthCheckIntent? HealthCheck { get; init; }

    /// <summary>How long flows to a backend that drains may go on.</summary>
    public TimeSpan DrainTimeout { get; init; } = DefaultDrainTimeout;

    /// <summary>Established flows to a backend that is unhealthy or not ready are cut.</summary>
    public bool ShutsDownSessions { get; init; }

    /// <summary>Below this share of healthy backends, in percent, checks are not believed; 0 always believes them.</summary>
    public int MinHealthyPercent { get; init; }

    /// <summary>
    /// New connections that no backend takes are left without an answer, so that clients go on trying, instead of refused.
    /// </summary>
    public bool HoldsWithoutBackends { get; init; }

    /// <summary>Sorted by address, then port.</summary>
    public ImmutableArray<Backend> Backends { get; init; } = [];

    /// <summary>
    /// One per family with endpoints when a VIP in Direct mode uses the set, or one in Nat mode and the weights differ or did so
    /// before.
    /// </summary>
    public ImmutableArray<SlotAssignment> Slots { get; init; } = [];

    /// <summary>One per family with endpoints and without <see cref="Slots"/> when a VIP in Nat mode uses the set.</summary>
    public ImmutableArray<SparseAssignment> Sparse { get; init; } = [];

    /// <summary>Weights follow the load of the endpoints. Not with affinity: a change of weights would move clients.</summary>
    public bool GoesByLoad => ClientAffinityTimeout is null
        && (Algorithm is BalancingAlgorithm.LeastConnections or BalancingAlgorithm.LeastResponseTime);

    /// <summary>New flows take turns: no hash decides.</summary>
    public bool Rotates => ClientAffinityTimeout is null
        && (Algorithm is BalancingAlgorithm.RoundRobin or BalancingAlgorithm.WeightedRoundRobin);

    public SparseAssignment? SparseOf(AddressFamily family) => Sparse.FirstOrDefault(sparse => sparse.Family == family);

    public SlotAssignment? SlotsOf(AddressFamily family)
    {
        foreach (var slots in Slots)
        {
            if (slots.Family == family)
            {
                return slots;
            }
        }

        return null;
    }
}
