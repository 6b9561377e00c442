using System.Collections.Immutable;
using System.Net.Sockets;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Failover;

/// <summary>The node's interfaces and the gateways heard through them.</summary>
internal sealed class NodeLinks
{
    private readonly Dictionary<(string Interface, AddressFamily Family), bool> _gateways = [];

    public ImmutableArray<NodeInterface> Interfaces { get; set; } = [];

    /// <param name="interfaceName">The interface the gateway is reached by.</param>
    /// <param name="family">For the addresses of which family it is the gateway.</param>
    /// <param name="reachable">Null when none is known.</param>
    public void SetGateway(string interfaceName, AddressFamily family, bool? reachable)
    {
        if (reachable is { } heard)
        {
            _gateways[(interfaceName, family)] = heard;
        }
        else
        {
            _gateways.Remove((interfaceName, family));
        }
    }

    /// <summary>Tells the address whether it has a link, and about the gateway there.</summary>
    public void Apply(AddressFailover address, TimeSpan now)
    {
        foreach (var nic in Interfaces)
        {
            if (nic.Up && nic.OnLink(address.Address) is not null)
            {
                address.Gateway = _gateways.TryGetValue((nic.Name, address.Address.AddressFamily), out var heard) ? heard : null;
                address.SetLink(up: true, now);
                return;
            }
        }

        address.SetLink(up: false, now);
    }
}
