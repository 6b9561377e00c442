using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;
using System.Text;
using Mooring.Core.Snapshots;
using Mooring.Linux.Nftables;

namespace Mooring.Agent.DataPlane;

/// <summary>Reads our table back from the kernel: chains and rules through libnftables, elements by netlink.</summary>
internal sealed class KernelTable(NftablesContext nftables, NftablesElements elements, string table)
{
    private static readonly string[] Families = ["", "6"];

    private static readonly FrozenSet<string> Fixed =
        TableSchema.Chains.Concat(DirectSchema.Chains).Concat(DirectSchema.ChangingChains).Append(IngressSchema.Chain).ToFrozenSet(StringComparer.Ordinal);

    /// <summary>The table's changing contents, or null when there is no table of this schema.</summary>
    public TablePlan? Read()
    {
        try
        {
            if (!nftables.List("list tables").Contains($"table inet {table}\n", StringComparison.Ordinal))
            {
                return null;
            }

            var listing = nftables.List($"list table inet {table}");
            return listing.Contains($"comment \"{TableSchema.Version}\"", StringComparison.Ordinal) ? Read(listing) : null;
        }
        catch (NftablesException)
        {
            // The table went away between two of the listings: the same as not being there.
            return null;
        }
    }

    /// <summary>
    /// The rules of the fixed part as nft prints them, to compare with a later listing: elements and slot chains left out.
    /// </summary>
    /// <param name="direct">It has the chains of Direct mode.</param>
    /// <param name="second">The tables for second chances are there.</param>
    public string ReadRules(bool direct, bool second)
    {
        var text = new StringBuilder();
        foreach (var chain in direct ? TableSchema.Chains.Concat(DirectSchema.Chains) : TableSchema.Chains)
        {
            text.Append(nftables.List($"list chain inet {table} {chain}"));
        }

        if (second)
        {
            text.Append(nftables.List($"list table ip {table}")).Append(nftables.List($"list table ip6 {table}"));
        }

        return text.ToString();
    }

    /// <summary>The table has the chains of Direct mode.</summary>
    public bool HasDirect() => HasDirect(nftables.List($"list table inet {table}"));

    /// <summary>The tables for second chances are there.</summary>
    public bool HasSecond()
    {
        var tables = nftables.List("list tables");
        return tables.Contains($"table ip {table}\n", StringComparison.Ordinal)
            && tables.Contains($"table ip6 {table}\n", StringComparison.Ordinal);
    }

    /// <summary>Next hops of second chances of a family.</summary>
    public ImmutableSortedSet<string> ReadSecondHops(NftablesFamily family)
    {
        var hops = new List<string>();
        Read(family, "nodes", hops.Clear, (key, value) => hops.Add($"{key} : {value}"));
        return TablePlan.Set(hops);
    }

    /// <summary>Counters of all services.</summary>
    public IReadOnlyList<ServiceCounters> ReadCounters()
    {
        var counters = new List<ServiceCounters>();
        foreach (var map in Families.Select(suffix => "services" + suffix))
        {
            var layout = ElementLayout.Of(NftablesFamily.Inet, map);
            var before = counters.Count;
            elements.Read(
                NftablesFamily.Inet,
                table,
                map,
                () => counters.RemoveRange(before, counters.Count - before),
                element =>
                {
                    var key = layout.KeyOf(element).Split(" . ");
                    counters.Add(new ServiceCounters(
                        IPAddress.Parse(key[0]),
                        key[1] == "udp" ? TransportProtocol.Udp : TransportProtocol.Tcp,
                        ushort.Parse(key[2]),
                        element.Packets,
                        element.Bytes));
                });
        }

        return counters;
    }

    private static bool HasDirect(string listing) => listing.Contains("chain hand-on {", StringComparison.Ordinal);

    private TablePlan Read(string listing)
    {
        var direct = HasDirect(listing);
        var contents = new KernelServices();
        foreach (var suffix in Families)
        {
            Map("services" + suffix);
            Map($"endpoints{suffix}-tcp");
            Map($"endpoints{suffix}-udp");
            if (direct)
            {
                Map("direct" + suffix);
            }
        }

        if (direct)
        {
            foreach (var map in (string[])["slots", "slots-before1", "slots-before2", "slots-before3"])
            {
                Map(map);
            }
        }

        return new TablePlan
        {
            VirtualAddresses = Both("vips"),
            Held = Both("held"),
            LocalBackends = Both("local-backends"),
            TunnelEnds = direct ? Both("tunnel-ends") : TablePlan.Set(),
            Peers = direct ? TablePlan.Set(Set("peers")) : TablePlan.Set(),
            SlotChains = TablePlan.Set(ChainsWithRules(listing).Where(chain => !Fixed.Contains(chain))),
            Services = contents.Build(
                served: direct ? Both("served") : TablePlan.Set(),
                closed: direct ? Both("closed") : TablePlan.Set(),
                holding: Both("holding")),
        };

        void Map(string map)
        {
            // An interrupted reading is done again: it finds the same elements but for a few.
            var read = new Dictionary<string, string>(StringComparer.Ordinal);
            Read(NftablesFamily.Inet, map, read.Clear, (key, value) => read[key] = value);
            foreach (var (key, value) in read)
            {
                contents.Add(map, key, value);
            }
        }

        ImmutableSortedSet<string> Both(string name) => TablePlan.Set(Families.SelectMany(suffix => Set(name + suffix)));
    }

    private List<string> Set(string name)
    {
        var keys = new List<string>();
        var layout = ElementLayout.Of(NftablesFamily.Inet, name);
        elements.Read(NftablesFamily.Inet, table, name, keys.Clear, element => keys.Add(layout.KeyOf(element)));
        return keys;
    }

    private void Read(NftablesFamily family, string map, Action reset, Action<string, string> handle)
    {
        var layout = ElementLayout.Of(family, map);
        elements.Read(family, table, map, reset, element => handle(layout.KeyOf(element), layout.ValueOf(element)));
    }

    /// <summary>A slot chain counts only when its rules are there.</summary>
    private static IEnumerable<string> ChainsWithRules(string listing)
    {
        string? chain = null;
        foreach (var line in listing.Split('\n').Select(line => line.Trim()))
        {
            if (line.StartsWith("chain ", StringComparison.Ordinal))
            {
                chain = line.Split(' ')[1];
            }
            else if (line == "}")
            {
                chain = null;
            }
            else if (chain is not null && line.Length > 0)
            {
                yield return chain;
                chain = null;
            }
        }
    }
}
