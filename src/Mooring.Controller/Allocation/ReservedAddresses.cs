using System.Net;
using System.Net.Sockets;
using Mooring.Controller.Validation;
using Mooring.Controller.World;
using Mooring.Core.Allocation;

namespace Mooring.Controller.Allocation;

/// <summary>Addresses that no pool gives although they are free, and why.</summary>
internal static class ReservedAddresses
{
    public static Dictionary<IPAddress, string> Of(IEnumerable<VirtualIpSettings> vips, ClusterWorld world)
    {
        var reserved = new Dictionary<IPAddress, string>();
        foreach (var (address, user) in world.Occupied)
        {
            reserved[address] = user;
        }

        foreach (var vip in vips.Where(vip => vip.AddressPool is null))
        {
            foreach (var address in vip.Addresses)
            {
                reserved.TryAdd(address, $"VirtualIp {vip.Key} names it in spec.addresses");
            }
        }

        foreach (var agent in world.Agents.Values)
        {
            foreach (var own in agent.Interfaces.SelectMany(nic => nic.Addresses))
            {
                reserved[own.Address] = $"it is {agent.Node}'s own address";
                foreach (var address in OfSubnet(own.Subnet))
                {
                    reserved.TryAdd(address, $"it is the network, broadcast or router address of {own.Subnet}");
                }
            }
        }

        return reserved;
    }

    /// <summary>Network and broadcast address (but RFC 3021), and the subnet-router anycast address (but RFC 6164).</summary>
    private static IEnumerable<IPAddress> OfSubnet(IPNetwork subnet)
    {
        if (subnet.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6)
        {
            return subnet.PrefixLength < 127 ? [subnet.BaseAddress] : [];
        }

        return subnet.PrefixLength > 30
            ? []
            : [subnet.BaseAddress, AddressNumber.ToAddress(
                AddressFamily.InterNetwork, AddressNumber.Of(subnet.BaseAddress) | (uint.MaxValue >> subnet.PrefixLength))];
    }
}
