using System.Collections.Immutable;
using System.Net;

namespace Mooring.Core.Snapshots;

/// <summary>What the controller wants of one VirtualIp: its addresses, who may hold each, and the ports served.</summary>
public sealed record VirtualIpIntent
{
    /// <summary>Default interval between heartbeats.</summary>
    public static readonly TimeSpan DefaultHeartbeatInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Default number of missed intervals after which the first standby takes over.</summary>
    public const int DefaultDetectMultiplier = 3;

    public required NamespacedName Key { get; init; }

    public ImmutableArray<AddressIntent> Addresses { get; init; } = [];

    public ImmutableArray<PortIntent> Ports { get; init; } = [];

    public ForwardingMode Forwarding { get; init; } = ForwardingMode.Nat;

    /// <summary>A node that has endpoints itself sends connections to no others.</summary>
    public bool LocalEndpointsOnly { get; init; }

    /// <summary>Port at which each node tells over HTTP how many endpoints it has itself; null for none.</summary>
    public ushort? HealthCheckNodePort { get; init; }

    /// <summary>Clients that are served; empty: all.</summary>
    public ImmutableArray<IPNetwork> SourceRanges { get; init; } = [];

    public TimeSpan HeartbeatInterval { get; init; } = DefaultHeartbeatInterval;

    public int DetectMultiplier { get; init; } = DefaultDetectMultiplier;
}
