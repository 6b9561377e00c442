using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Mooring.Controller.Resolution;
using Mooring.Controller.Validation;
using Mooring.Controller.World;

namespace Mooring.Controller.Snapshots;

/// <summary>Finds addresses that no node could ever hold because none has their subnet.</summary>
internal sealed class SubnetCheck
{
    private const int MaxListed = 10;

    private readonly ImmutableArray<IPNetwork> _subnets;

    public SubnetCheck(IEnumerable<AgentFacts> agents)
    {
        _subnets =
        [
            .. agents.SelectMany(agent => agent.Interfaces)
                .SelectMany(nic => nic.Addresses)
                .Select(own => own.Subnet)
                .Where(subnet => !IPAddress.IsLoopback(subnet.BaseAddress)
                    && !subnet.BaseAddress.IsIPv6LinkLocal
                    && subnet.PrefixLength < (subnet.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? 32 : 128))
                .Distinct()
                .OrderBy(subnet => subnet.BaseAddress, AddressOrder.Instance)
                .ThenBy(subnet => subnet.PrefixLength),
        ];
    }

    public IEnumerable<Finding> Check(VirtualIpSettings vip)
    {
        // With no agent heard of yet nothing is known; placement then says that there is no node.
        for (var i = 0; i < vip.Addresses.Length && !_subnets.IsEmpty; i++)
        {
            var address = vip.Addresses[i];
            if (!_subnets.Any(subnet => subnet.Contains(address)))
            {
                var more = _subnets.Length > MaxListed ? $" and {_subnets.Length - MaxListed} more" : "";
                yield return new Finding(
                    Reasons.AddressOutsideSubnets,
                    vip.AddressField(i),
                    $"{address} lies in no subnet of any node; the nodes have "
                    + $"{string.Join(", ", _subnets.Take(MaxListed))}{more}; choose an address in one of these");
            }
        }
    }
}
