using System.Collections.Immutable;
using System.Net;
using Mooring.Core.Snapshots;
using Mooring.Linux.Netlink;

namespace Mooring.Agent.Interfaces;

/// <summary>Which of a node's interfaces can announce addresses.</summary>
internal static class InterfaceSelection
{
    /// <summary>
    /// Those that speak ARP and have an address, so that a node with hundreds of pod interfaces tells only the few that
    /// matter. Ports of a bridge or bond carry no addresses of their own that others could see.
    /// </summary>
    public static ImmutableArray<NodeInterface> Of(IReadOnlyCollection<LinkState> links, IReadOnlyList<string> only)
    {
        var result = ImmutableArray.CreateBuilder<NodeInterface>();
        foreach (var link in links)
        {
            var addresses = link.Addresses.Where(IsGlobal).ToImmutableArray();
            if (!link.SpeaksArp || link.MasterIndex != 0 || addresses.IsEmpty || (only.Count > 0 && !only.Contains(link.Name)))
            {
                continue;
            }

            result.Add(new NodeInterface
            {
                Name = link.Name,
                Index = link.Index,
                MacAddress = link.Mac,
                Up = link.Up,
                Mtu = Math.Clamp(link.Mtu, 68, 65_536),
                Addresses = [.. addresses.Select(own => new InterfaceAddress(own.Address, own.Subnet))],
            });
        }

        return result.ToImmutable();
    }

    private static bool IsGlobal(LinkAddress own) =>
        !own.Address.IsIPv6LinkLocal && !IPAddress.IsLoopback(own.Address);
}
