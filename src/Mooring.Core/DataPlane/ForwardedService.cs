using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Mooring.Core.Snapshots;

namespace Mooring.Core.DataPlane;

/// <summary>One address, protocol and port, and the backends its flows go to.</summary>
public sealed record ForwardedService
{
    public required NamespacedName VirtualIp { get; init; }

    public required IPAddress Address { get; init; }

    public required TransportProtocol Protocol { get; init; }

    public required ushort Port { get; init; }

    public BalancingAlgorithm Algorithm { get; init; } = BalancingAlgorithm.Maglev;

    public TimeSpan? ClientAffinityTimeout { get; init; }

    /// <summary>Backends that take new flows, sorted by address, then port. Empty refuses new flows, or holds them.</summary>
    public ImmutableArray<ForwardedBackend> Backends { get; init; } = [];

    /// <summary>New flows that no backend takes are dropped in silence instead of refused.</summary>
    public bool HoldsWithoutBackends { get; init; }

    /// <summary>The full table that the controller published, in Nat mode; null for none.</summary>
    public SlotAssignment? Slots { get; init; }

    /// <summary>The sparse table that the controller published, in Nat mode; null for none.</summary>
    public SparseAssignment? Sparse { get; init; }

    /// <summary>How flows find the node that serves them; null in Nat mode.</summary>
    public DirectForwarding? Direct { get; init; }

    /// <summary>Backends that take no new flows while established ones go on.</summary>
    public ImmutableArray<ForwardedBackend> Draining { get; init; } = [];

    /// <summary>Those of <see cref="Draining"/> whose flows may go on for <see cref="DrainTimeout"/>; the others' for as long as they do.</summary>
    public ImmutableArray<ForwardedBackend> Leaving { get; init; } = [];

    /// <summary>Those of <see cref="Draining"/> that fail their check or are not ready: a TCP handshake they have not answered is not waited for.</summary>
    public ImmutableArray<ForwardedBackend> Failed { get; init; } = [];

    /// <summary>Clients that are served, none of them within another; null: all.</summary>
    public ImmutableArray<IPNetwork>? SourceRanges { get; init; }

    public TimeSpan DrainTimeout { get; init; } = BackendSet.DefaultDrainTimeout;

    /// <inheritdoc cref="BackendSet.GoesByLoad"/>
    public bool GoesByLoad => ClientAffinityTimeout is null
        && (Algorithm is BalancingAlgorithm.LeastConnections or BalancingAlgorithm.LeastResponseTime);

    public ServiceTraits Traits =>
        (Address.AddressFamily == AddressFamily.InterNetworkV6 ? ServiceTraits.IPv6 : ServiceTraits.None)
        | (Direct is null ? ServiceTraits.None
            : Address.AddressFamily == AddressFamily.InterNetworkV6 ? ServiceTraits.Direct | ServiceTraits.DirectIPv6
            : ServiceTraits.Direct);
}
