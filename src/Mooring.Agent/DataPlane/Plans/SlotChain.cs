using System.Net.Sockets;
using Mooring.Core.Balancing;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.DataPlane.Plans;

/// <summary>
/// The chains that pick a slot. There is one per family, protocol, way of picking and number of slots, shared by every service
/// with that shape, so their number does not grow with the services. Where most slots are empty (<see cref="SparseTable"/>)
/// there is a rule for each time that a flow looks.
/// </summary>
internal static class SlotChain
{
    private const string Flow = "flow";
    private const string Client = "client";
    private const string Rotate = "rotate";
    private const string Sparse = "sparse";

    public static string Name(
        AddressFamily family, TransportProtocol protocol, BalancingAlgorithm algorithm, bool clientAffinity, int slots, bool sparse)
    {
        var way = (algorithm, clientAffinity) switch
        {
            (_, true) or (BalancingAlgorithm.SourceIpHash, _) => Client,
            (BalancingAlgorithm.RoundRobin or BalancingAlgorithm.WeightedRoundRobin, _) => Rotate,
            _ => Flow,
        };
        return $"{way}{TablePlan.Suffix(family)}-{TransportNames.Of(protocol)}-{slots}{(sparse ? $"-{Sparse}" : "")}";
    }

    /// <summary>The rules of the chain.</summary>
    /// <exception cref="FormatException"><paramref name="name"/> is not of this class.</exception>
    public static IEnumerable<string> Rules(string name)
    {
        var parts = name.Split('-');
        if (parts.Length is not (3 or 4) || (parts.Length == 4 && parts[3] != Sparse))
        {
            throw new FormatException($"'{name}' is no slot chain");
        }

        var (way, protocol, slots) = (parts[0].TrimEnd('6'), parts[1], int.Parse(parts[2]));
        var (ip, six) = parts[0].EndsWith('6') ? ("ip6", "6") : ("ip", "");
        if (parts.Length == 3)
        {
            yield return Rule(way switch
            {
                Flow or Client => Hash(0, slots),
                Rotate => $"numgen inc mod {slots}",
                _ => throw new FormatException($"'{name}' is no slot chain"),
            });
            yield break;
        }

        for (var attempt = 0u; attempt < SparseTable.Tries; attempt++)
        {
            yield return Rule(Hash(attempt, slots));
        }

        // The slot behind the last: everything modulo 1 is 0.
        yield return Rule($"{Hash(SparseTable.Tries, 1)} offset {slots}");

        string Hash(uint attempt, int modulus) =>
            $"jhash {ip} saddr{(way == Flow ? $" . {protocol} sport" : "")} mod {modulus} seed 0x{SlotHash.Seed + attempt:x}";

        string Rule(string slot) => $"dnat {ip} to {ip} daddr . {protocol} dport . {slot} map @endpoints{six}-{protocol}";
    }
}
