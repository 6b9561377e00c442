using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Mooring.Api.V1Alpha1;
using Mooring.Core.Allocation;
using Mooring.Core.Placement;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Validation;

/// <summary>The spec of a VirtualIp with every field read, and what is wrong with it on its own.</summary>
internal sealed record VirtualIpSettings
{
    public required V1Alpha1VirtualIp Resource { get; init; }

    public required NamespacedName Key { get; init; }

    public ImmutableArray<IPAddress> Addresses { get; init; } = [];

    /// <summary>AddressPool that <see cref="Addresses"/> are taken from; null when the spec names them itself.</summary>
    public string? AddressPool { get; init; }

    /// <summary>Families to take an address of; empty for one of any family.</summary>
    public ImmutableArray<AddressFamily> Families { get; init; } = [];

    /// <summary>Addresses of the pool to take, in place of any.</summary>
    public ImmutableArray<IPAddress> Requested { get; init; } = [];

    public string? SharingKey { get; init; }

    public ImmutableArray<PortSettings> Ports { get; init; } = [];

    public ImmutableDictionary<string, string> NodeSelector { get; init; } = ImmutableDictionary<string, string>.Empty;

    public ImmutableArray<NodePreference> PreferredNodes { get; init; } = [];

    /// <summary>Only endpoints on the holder's node get connections.</summary>
    public bool LocalEndpointsOnly { get; init; }

    /// <summary>Port at which each node tells how many endpoints it has itself; null for none.</summary>
    public ushort? HealthCheckNodePort { get; init; }

    public ForwardingChoice Forwarding { get; init; }

    /// <summary>Clients that are served; empty: all.</summary>
    public ImmutableArray<IPNetwork> SourceRanges { get; init; } = [];

    /// <summary>A live holder keeps the address although another node ranks better.</summary>
    public bool Sticky { get; init; } = true;

    /// <summary>On a VirtualIp: the node that should have its addresses, for as long as it may hold them.</summary>
    public const string MoveToAnnotation = "mooring.dev/move-to";

    public TimeSpan HeartbeatInterval { get; init; }

    public int DetectMultiplier { get; init; }

    /// <summary>Who it is to those who give addresses.</summary>
    public AddressUser User => new()
    {
        Key = Key,
        SharingKey = SharingKey,
        Ports = [.. Ports.Select(port => (port.Protocol, port.Port))],
    };

    /// <summary>Path of the field that an address comes from.</summary>
    public string AddressField(int index) => AddressPool is not null
        ? "spec.addressPool"
        : string.Create(CultureInfo.InvariantCulture, $"spec.addresses[{index}]");

    /// <summary>Empty when the spec is good in itself.</summary>
    public ImmutableArray<Finding> Findings { get; init; } = [];
}
