using System.Collections.Immutable;

namespace Mooring.Core.DataPlane;

/// <summary>What the kernel of one node should do: plain data, computed from a snapshot and health verdicts.</summary>
public sealed record DataPlaneState
{
    public static readonly DataPlaneState Empty = new();

    /// <summary>Outer Ethernet, IPv4, UDP and VXLAN headers in bytes.</summary>
    public const int TunnelOverhead = 50;

    private ServiceTraits? _traits;

    /// <summary>The node the state is for.</summary>
    public string NodeName { get; init; } = "";

    /// <summary>Sorted by address, protocol, port; no two with the same three.</summary>
    public ImmutableArray<ForwardedService> Services
    {
        get;
        init => (field, _traits) = (value, null);
    } = [];

    /// <summary>Traits that any of the services has.</summary>
    public ServiceTraits Traits
    {
        get => _traits ??= Services.Aggregate(ServiceTraits.None, static (traits, service) => traits | service.Traits);
        private init => _traits = value;
    }

    /// <summary>The other nodes, by name, when a service is in Direct mode; else empty.</summary>
    public ImmutableArray<DirectPeer> Peers { get; init; } = [];

    /// <summary>Largest packet of the smallest of this node's interfaces in bytes; what the tunnel has to fit into.</summary>
    public int Mtu { get; init; } = 1500;

    /// <summary>Other contents of some of the services.</summary>
    /// <param name="services">All services, in the same order.</param>
    /// <param name="sameTraits">None of them has other traits than before, so that the others need not be looked at.</param>
    public DataPlaneState WithServices(ImmutableArray<ForwardedService> services, bool sameTraits) =>
        sameTraits ? this with { Services = services, Traits = Traits } : this with { Services = services };
}
