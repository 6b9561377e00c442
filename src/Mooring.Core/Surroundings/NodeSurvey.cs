using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Mooring.Core.Surroundings;

/// <summary>
/// Finds what other programs and settings of a node do against virtual IPs: addresses that are bound somewhere, a kernel that answers
/// ARP for them, packets that are dropped or translated before we see them.
/// </summary>
public static partial class NodeSurvey
{
    /// <summary>Device to which kube-proxy in IPVS mode binds the addresses of all Services.</summary>
    private const string KubeProxyDevice = "kube-ipvs0";

    private const string StrictArp = "set ipvs.strictARP: true in the configuration of kube-proxy";

    public static ImmutableArray<AddressObstacle> Find(
        IEnumerable<IPAddress> addresses, ImmutableArray<LocalInterface> interfaces, ImmutableArray<ForeignRules> rules)
    {
        var problems = ImmutableArray.CreateBuilder<AddressObstacle>();
        foreach (var address in addresses)
        {
            var announced = interfaces
                .Where(one => one.Addresses.Any(own => !own.Address.Equals(address) && own.Subnet.Contains(address))).ToArray();
            foreach (var bound in interfaces.Where(one => one.Addresses.Any(own => own.Address.Equals(address))))
            {
                if (BoundProblem(address, bound, announced) is { } message)
                {
                    problems.Add(new AddressObstacle(address, message));
                }
            }

            problems.AddRange(announced.Select(one => FilterProblem(address, one, interfaces)).OfType<string>()
                .Select(message => new AddressObstacle(address, message)));
            problems.AddRange(rules.Where(table => Names(table.Text, address)).Select(table => new AddressObstacle(
                address,
                $"table {table.Table} names {address} and translates before Mooring (chain {table.Chain}, priority {table.Priority}): "
                + "remove its rules for the address, or the program that makes them")));
        }

        return problems.ToImmutable();
    }

    private static string? BoundProblem(IPAddress address, LocalInterface bound, LocalInterface[] announced)
    {
        var remove = $"ip address del {address}/{bound.Addresses.First(own => own.Address.Equals(address)).Subnet.PrefixLength} dev {bound.Name}";
        if (announced.Contains(bound))
        {
            return $"{address} is bound to {bound.Name}, whose kernel answers for it whoever holds it: run {remove}";
        }

        // Neighbour discovery answers for an address on its own interface alone.
        var (setting, fix) = address.AddressFamily == AddressFamily.InterNetworkV6 ? (null, "")
            : announced.FirstOrDefault(one => one.ArpIgnore == 0) is { } answering
                ? ($"net.ipv4.conf.{answering.Name}.arp_ignore is 0, so the node answers ARP for it whoever holds it", "arp_ignore=1")
            : announced.FirstOrDefault(one => one.ArpAnnounce < 2) is { } announcing
                ? ($"net.ipv4.conf.{announcing.Name}.arp_announce is {announcing.ArpAnnounce}, so the node may claim it in ARP requests", "arp_announce=2")
            : ((string?)null, "");
        if (bound.Name == KubeProxyDevice)
        {
            return setting is null ? null : $"{address} is bound to {bound.Name} and {setting}: {StrictArp}";
        }

        return setting is null
            ? $"{address} is bound to {bound.Name}: connections of the node itself end there; run {remove}"
            : $"{address} is bound to {bound.Name} and {setting}: run {remove}, or sysctl -w net.ipv4.conf.all.{fix}";
    }

    /// <summary>Clients from elsewhere come in here, and the route back to them leaves by another interface.</summary>
    private static string? FilterProblem(IPAddress address, LocalInterface announced, ImmutableArray<LocalInterface> interfaces) =>
        address.AddressFamily == AddressFamily.InterNetwork && announced is { ReversePathFilter: 1, HasDefaultRoute: false }
        && interfaces.FirstOrDefault(one => one.HasDefaultRoute) is { } other
            ? $"net.ipv4.conf.{announced.Name}.rp_filter is 1 and the default route leaves by {other.Name}: packets for {address} from "
                + $"clients beyond the subnets of {announced.Name} are dropped; run sysctl -w net.ipv4.conf.{announced.Name}.rp_filter=2"
            : null;

    private static bool Names(string text, IPAddress address) => Addresses().EnumerateMatches(text) is var matches
        && Any(matches, text, address.ToString());

    private static bool Any(Regex.ValueMatchEnumerator matches, string text, string wanted)
    {
        foreach (var match in matches)
        {
            if (text.AsSpan(match.Index, match.Length).SequenceEqual(wanted))
            {
                return true;
            }
        }

        return false;
    }

    [GeneratedRegex(@"(?<![0-9a-f:.])[0-9a-f]*[:.][0-9a-f:.]*[0-9a-f:]")]
    private static partial Regex Addresses();
}
