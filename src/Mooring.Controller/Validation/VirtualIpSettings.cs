using System.Collections.Immutable;
using System.Net;
using Mooring.Api.V1Alpha1;
using Mooring.Core.Placement;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Validation;

/// <summary>The spec of a VirtualIp with every field read, and what is wrong with it on its own.</summary>
internal sealed record VirtualIpSettings
{
    public required V1Alpha1VirtualIp Resource { get; init; }

    public required NamespacedName Key { get; init; }

    public ImmutableArray<IPAddress> Addresses { get; init; } = [];

    public ImmutableArray<PortSettings> Ports { get; init; } = [];

    public ImmutableDictionary<string, string> NodeSelector { get; init; } = ImmutableDictionary<string, string>.Empty;

    public ImmutableArray<NodePreference> PreferredNodes { get; init; } = [];

    public ForwardingChoice Forwarding { get; init; }

    /// <summary>A live holder keeps the address although another node ranks better.</summary>
    public bool Sticky { get; init; } = true;

    public TimeSpan HeartbeatInterval { get; init; }

    public int DetectMultiplier { get; init; }

    /// <summary>Empty when the spec is good in itself.</summary>
    public ImmutableArray<Finding> Findings { get; init; } = [];
}
