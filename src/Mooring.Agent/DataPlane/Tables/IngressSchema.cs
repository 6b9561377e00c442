using System.Security.Cryptography;
using System.Text;
using Mooring.Agent.DataPlane.Plans;
using Mooring.Core.DataPlane;

namespace Mooring.Agent.DataPlane.Tables;

/// <summary>
/// The short way of Direct mode: a packet whose slot is of a node on the same segment is sent on from the ingress hook of
/// the interface that it came in by, before the network stack sees it. What is not plain (fragments, ICMP errors, an expiring
/// hop limit, nodes behind a tunnel, slots of this node) goes the long way, by <c>hand-on</c> of <see cref="DirectSchema"/>,
/// which leads to the same node.
/// </summary>
/// <remarks>
/// The node is found by the maps of the inet table, where nft has no <c>fwd</c>; a chain of the netdev table, next at the
/// same hook, sends the packet to the node it is marked with.
/// </remarks>
internal static class IngressSchema
{
    /// <summary>The base chain in the inet table.</summary>
    public const string Chain = "early";

    /// <summary>Names <paramref name="plan"/>'s part in the kernel; empty when no node can be reached this way.</summary>
    public static string Fingerprint(PathPlan plan) => Devices(plan) is { Count: > 0 } devices
        ? Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Create("", "", devices))).AsSpan(0, 8))
        : "";

    /// <summary>Commands that bring the kernel from whatever is there to <paramref name="plan"/>.</summary>
    public static string Create(string table, PathPlan plan) =>
        Remove(table) + (Devices(plan) is { Count: > 0 } devices ? Create(table, Fingerprint(plan), devices) : "");

    /// <summary>Commands that remove it if it is there; the inet table must be.</summary>
    public static string Remove(string table) =>
        $"add chain inet {table} {Chain}\nflush chain inet {table} {Chain}\ndelete chain inet {table} {Chain}\n" +
        $"table netdev {table}\ndelete table netdev {table}\n";

    /// <summary>Commands that remove what is outside the inet table, given the tables there are: not every kernel has netdev.</summary>
    public static string RemoveTable(string table, string tables) =>
        tables.Contains($"table netdev {table}\n", StringComparison.Ordinal) ? $"delete table netdev {table}\n" : "";

    private static List<IGrouping<string, PeerPath>> Devices(PathPlan plan) =>
    [
        .. plan.Peers
            .SelectMany(peer => new[] { peer.HopV4, peer.HopV6 }.OfType<PeerHop>().Select(hop => (hop.Interface, Peer: peer)).Distinct())
            .GroupBy(pair => pair.Interface, pair => pair.Peer)
            .OrderBy(group => group.Key, StringComparer.Ordinal),
    ];

    private static string Create(string table, string fingerprint, List<IGrouping<string, PeerPath>> devices)
    {
        var text = new StringBuilder($"table netdev {table} {{\ncomment \"{fingerprint}\"\n");
        for (var number = 0; number < devices.Count; number++)
        {
            var device = devices[number].Key;
            Map(text, $"hops-{number}", "ipv4_addr", devices[number], peer => peer.HopV4?.Interface == device ? peer.HopV4 : null);
            Map(text, $"hops6-{number}", "ipv6_addr", devices[number], peer => peer.HopV6?.Interface == device ? peer.HopV6 : null);
            text.Append(
                $$"""
                chain hand-on-{{number}} {
                    type filter hook ingress device "{{device}}" priority 1; policy accept;
                    meta mark & 0xff000000 != 0x6e000000 accept
                    fwd ip to meta mark map @hops-{{number}} device "{{device}}"
                    fwd ip6 to meta mark map @hops6-{{number}} device "{{device}}"
                    meta mark set 0x0
                }

                """);
        }

        return text.Append(
            $$"""
            }
            table inet {{table}} {
                chain {{Chain}} {
                    type filter hook ingress devices = { {{string.Join(", ", devices.Select(device => $"\"{device.Key}\""))}} } priority 0; policy accept;
                    meta mark set ip daddr . meta l4proto . th dport map @direct goto early4
                    meta mark set ip6 daddr . meta l4proto . th dport map @direct6 goto early6
                }
            }

            """).ToString();
    }

    private static void Map(
        StringBuilder text, string name, string type, IEnumerable<PeerPath> peers, Func<PeerPath, PeerHop?> hopOf)
    {
        var elements = from peer in peers
                       let hop = hopOf(peer)
                       where hop is not null
                       select $"{DirectMarks.Text(peer.Mark)} : {NftablesText.Of(hop.Address)}";
        var joined = string.Join(", ", elements);
        text.Append($"map {name} {{ type mark : {type}\n").Append(joined.Length > 0 ? $"elements = {{ {joined} }}\n" : "").Append("}\n");
    }
}
