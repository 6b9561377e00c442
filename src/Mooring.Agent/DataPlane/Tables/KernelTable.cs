using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;
using System.Text;
using Mooring.Agent.DataPlane.Plans;
using Mooring.Core.Snapshots;
using Mooring.Linux.Nftables;

namespace Mooring.Agent.DataPlane.Tables;

/// <summary>Reads our table back from the kernel.</summary>
internal sealed class KernelTable(NftablesSession session, string table)
{
    private static readonly string[] Families = ["", "6"];

    private static readonly FrozenSet<string> Fixed =
        TableSchema.Chains.Concat(DirectSchema.Chains).Concat(DirectSchema.ChangingChains).Append(IngressSchema.Chain).ToFrozenSet(StringComparer.Ordinal);

    /// <summary>The table's changing contents, or null when there is no table of this schema.</summary>
    /// <exception cref="NftablesException">It could not be read, which says nothing of what is there.</exception>
    public TablePlan? Read()
    {
        try
        {
            return session.Objects.Table(NftablesFamily.Inet, table)?.Comment == TableSchema.Version ? ReadContents() : null;
        }
        catch (NftablesException exception) when (exception.IsAbsent)
        {
            // The table went away between two of the listings: the same as not being there.
            return null;
        }
    }

    /// <summary>The table is in use, and no chain of the fixed part was flushed or removed.</summary>
    public bool IsWhole()
    {
        var chains = session.Objects.Chains(NftablesFamily.Inet, table);
        return session.Objects.Table(NftablesFamily.Inet, table) is { Dormant: false }
            && FixedChains(HasDirect(chains)).All(chain => chains.GetValueOrDefault(chain, "").Length > 0);
    }

    /// <summary>The rules of the fixed part as texts, to compare with later ones: elements and slot chains left out.</summary>
    /// <param name="direct">It has the chains of Direct mode.</param>
    /// <param name="second">The tables for second chances are there.</param>
    /// <returns>Those of our main table, and those for second chances.</returns>
    public (string Main, string Second) ReadRules(bool direct, bool second)
    {
        var text = new StringBuilder(session.Objects.Table(NftablesFamily.Inet, table) is { Dormant: true } ? "dormant\n" : "");
        var chains = session.Objects.Chains(NftablesFamily.Inet, table);
        foreach (var chain in FixedChains(direct))
        {
            text.Append($"{chain}: {chains.GetValueOrDefault(chain, "gone")}\n");
        }

        var seconds = new StringBuilder();
        foreach (var family in second ? (NftablesFamily[])[NftablesFamily.IPv4, NftablesFamily.IPv6] : [])
        {
            foreach (var (chain, rules) in session.Objects.Chains(family, table).OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                seconds.Append($"{family} {chain}: {rules}\n");
            }
        }

        return (text.ToString(), seconds.ToString());
    }

    /// <summary>The table has the chains of Direct mode.</summary>
    public bool HasDirect() => HasDirect(session.Objects.Chains(NftablesFamily.Inet, table));

    /// <summary>The tables for second chances are there.</summary>
    public bool HasSecond() =>
        session.Objects.Table(NftablesFamily.IPv4, table) is not null && session.Objects.Table(NftablesFamily.IPv6, table) is not null;

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
            session.Elements.Read(
                NftablesFamily.Inet,
                table,
                map,
                () => counters.RemoveRange(before, counters.Count - before),
                element =>
                {
                    var key = layout.KeyOf(element).Split(" . ");
                    counters.Add(new ServiceCounters(
                        IPAddress.Parse(key[0]),
                        TransportNames.Parse(key[1]),
                        ushort.Parse(key[2]),
                        element.Packets,
                        element.Bytes));
                });
        }

        return counters;
    }

    private static IEnumerable<string> FixedChains(bool direct) => direct ? TableSchema.Chains.Concat(DirectSchema.Chains) : TableSchema.Chains;

    private static bool HasDirect(IReadOnlyDictionary<string, string> chains) => chains.ContainsKey("hand-on");

    private TablePlan ReadContents()
    {
        var chains = session.Objects.Chains(NftablesFamily.Inet, table);
        var direct = HasDirect(chains);
        var contents = new KernelServices();
        foreach (var suffix in Families)
        {
            Map("services" + suffix);
            foreach (var protocol in TransportNames.All)
            {
                Map($"endpoints{suffix}-{protocol}");
            }

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
            // A slot chain counts only when its rules are there.
            SlotChains = TablePlan.Set(chains.Where(pair => pair.Value.Length > 0 && !Fixed.Contains(pair.Key)).Select(pair => pair.Key)),
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
        session.Elements.Read(NftablesFamily.Inet, table, name, keys.Clear, element => keys.Add(layout.KeyOf(element)));
        return keys;
    }

    private void Read(NftablesFamily family, string map, Action reset, Action<string, string> handle)
    {
        var layout = ElementLayout.Of(family, map);
        session.Elements.Read(family, table, map, reset, element => handle(layout.KeyOf(element), layout.ValueOf(element)));
    }
}
