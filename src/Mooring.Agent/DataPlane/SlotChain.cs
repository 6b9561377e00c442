using System.Net.Sockets;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.DataPlane;

/// <summary>
/// The chains that pick a slot. There is one per family, way of picking and number of slots, shared by every service
/// with that shape, so their number does not grow with the services.
/// </summary>
internal static class SlotChain
{
    private const string Flow = "flow";
    private const string Client = "client";
    private const string Rotate = "rotate";

    /// <summary>Seed of the kernel's jhash; any constant does, the same on every node.</summary>
    private const string Seed = "0x6d6f6f72";

    public static string Name(AddressFamily family, BalancingAlgorithm algorithm, bool clientAffinity, int slots)
    {
        var way = (algorithm, clientAffinity) switch
        {
            (_, true) or (BalancingAlgorithm.SourceIpHash, _) => Client,
            (BalancingAlgorithm.RoundRobin or BalancingAlgorithm.WeightedRoundRobin, _) => Rotate,
            _ => Flow,
        };
        return $"{way}{TablePlan.Suffix(family)}-{slots}";
    }

    /// <summary>The rules of the chain: one per protocol, as nft types a port by its protocol.</summary>
    /// <exception cref="FormatException"><paramref name="name"/> is not of this class.</exception>
    public static IEnumerable<string> Rules(string name)
    {
        var dash = name.IndexOf('-', StringComparison.Ordinal);
        var slots = int.Parse(name.AsSpan(dash + 1));
        var (way, ip, six) = name[dash - 1] == '6' ? (name[..(dash - 1)], "ip6", "6") : (name[..dash], "ip", "");
        foreach (var protocol in (string[])["tcp", "udp"])
        {
            var slot = way switch
            {
                Flow => $"jhash {ip} saddr . {protocol} sport mod {slots} seed {Seed}",
                Client => $"jhash {ip} saddr mod {slots} seed {Seed}",
                Rotate => $"numgen inc mod {slots}",
                _ => throw new FormatException($"'{name}' is no slot chain"),
            };
            yield return $"dnat {ip} to {ip} daddr . {protocol} dport . {slot} map @endpoints{six}-{protocol}";
        }
    }
}
