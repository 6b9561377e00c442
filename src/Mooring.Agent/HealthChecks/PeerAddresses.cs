using System.Collections.Frozen;
using System.Net;
using System.Net.Sockets;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.HealthChecks;

/// <summary>Where the agents of the other nodes are reached: on a subnet that both are in, else at their first address.</summary>
internal static class PeerAddresses
{
    public static FrozenDictionary<string, IPEndPoint> Of(ClusterSnapshot snapshot, string nodeName, int port)
    {
        var own = snapshot.Nodes.FirstOrDefault(node => node.Name == nodeName)?.Interfaces
            .SelectMany(nic => nic.Addresses).ToArray() ?? [];
        var found = new Dictionary<string, IPEndPoint>(StringComparer.Ordinal);
        foreach (var node in snapshot.Nodes.Where(node => node.Name != nodeName))
        {
            // Addresses that we have too, such as that of a bridge every node has, lead back to us.
            var theirs = node.Interfaces.Where(nic => nic.Up).SelectMany(nic => nic.Addresses)
                .Where(address => !address.Address.IsIPv6LinkLocal && !own.Any(mine => mine.Address.Equals(address.Address)))
                .OrderBy(address => address.Address.AddressFamily == AddressFamily.InterNetwork ? 0 : 1)
                .ToArray();
            var address = theirs.FirstOrDefault(address => own.Any(mine => mine.Subnet.Contains(address.Address)))
                ?? theirs.FirstOrDefault();
            if (address is not null)
            {
                found[node.Name] = new IPEndPoint(address.Address, port);
            }
        }

        return found.ToFrozenDictionary(StringComparer.Ordinal);
    }
}
