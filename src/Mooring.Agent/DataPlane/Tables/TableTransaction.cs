using System.Collections.Immutable;
using System.Text;
using Mooring.Agent.DataPlane.Plans;
using Mooring.Linux.Nftables;

namespace Mooring.Agent.DataPlane.Tables;

/// <summary>
/// What takes a table from one plan to another. Only the difference is in it: new chains as nft commands, elements as text
/// and as netlink messages.
/// </summary>
internal sealed class TableTransaction(string table)
{
    private readonly StringBuilder _chains = new();
    private readonly Dictionary<SetName, List<string>> _deletions = [];
    private readonly Dictionary<SetName, List<string>> _additions = [];

    /// <summary>Set and map elements deleted or added.</summary>
    public int Elements { get; private set; }

    /// <summary>Commands that add the chains which elements refer to. They do nothing by themselves, so they go first.</summary>
    public string Chains => _chains.ToString();

    /// <summary>Everything that is not of one service: addresses, other nodes and slot chains.</summary>
    /// <param name="from">What there is.</param>
    /// <param name="to">What should be.</param>
    /// <param name="changes">No other addresses and local backends differ; null: any may.</param>
    public TableTransaction Shared(TablePlan from, TablePlan to, PlanChanges? changes = null)
    {
        // Slot chains are added and never removed: they are few, and an unused one costs nothing.
        foreach (var chain in to.SlotChains.Except(from.SlotChains))
        {
            _chains.Append($"add chain inet {table} {chain}\nflush chain inet {table} {chain}\n");
            foreach (var rule in DirectChain.Is(chain) ? DirectChain.Rules(chain) : SlotChain.Rules(chain))
            {
                _chains.Append($"add rule inet {table} {chain} {rule}\n");
            }

            if (DirectChain.Is(chain))
            {
                var (map, element) = DirectChain.Entry(chain);
                _chains.Append($"add element inet {table} {map} {{ {element} }}\n");
            }
        }

        Set("vips", from.VirtualAddresses, to.VirtualAddresses, changes?.VirtualAddresses);
        Set("held", from.Held, to.Held);
        Set("local-backends", from.LocalBackends, to.LocalBackends, changes?.LocalBackends);
        Set("tunnel-ends", from.TunnelEnds, to.TunnelEnds);
        Change(Inet("peers"), from.Peers, to.Peers);
        Change(new SetName(NftablesFamily.IPv4, "nodes"), from.SecondHops, to.SecondHops);
        Change(new SetName(NftablesFamily.IPv6, "nodes"), from.SecondHops6, to.SecondHops6);
        return this;
    }

    /// <summary>This node took or gave up one address.</summary>
    public TableTransaction Held(string address, bool before, bool now)
    {
        Member("held" + TablePlan.SuffixOf(address), address, before, now);
        return this;
    }

    public TableTransaction Service(string key, ServicePlan? from, ServicePlan? to)
    {
        from ??= ServicePlan.None;
        to ??= ServicePlan.None;
        if (from.Chain != to.Chain)
        {
            var services = Inet(TablePlan.ServicesOf(key));
            if (from.Chain is not null)
            {
                Delete(services, key);
            }

            if (to.Chain is not null)
            {
                Add(services, $"{key} : goto {to.Chain}");
            }
        }

        var (endpoints, prefix) = TablePlan.EndpointsOf(key);
        Slots(Inet(endpoints), prefix, from.Slots, to.Slots, slot => slot);
        Member("holding" + TablePlan.SuffixOf(key), key, from.Holding, to.Holding);
        if (!Equals(from.Direct, to.Direct))
        {
            Direct(key, from.Direct, to.Direct);
        }

        return this;
    }

    /// <summary>The elements. Deletions come first, so that an element is replaced by deleting and adding it.</summary>
    public NftablesBatch Batch()
    {
        var batch = new NftablesBatch(table);
        foreach (var (set, elements) in _deletions)
        {
            var layout = ElementLayout.Of(set.Family, set.Name);
            foreach (var element in elements)
            {
                layout.Delete(batch, set.Family, set.Name, element);
            }
        }

        foreach (var (set, elements) in _additions)
        {
            var layout = ElementLayout.Of(set.Family, set.Name);
            foreach (var element in elements)
            {
                layout.Add(batch, set.Family, set.Name, element);
            }
        }

        return batch;
    }

    /// <summary>All of it in nft's language.</summary>
    public override string ToString()
    {
        var text = new StringBuilder().Append(_chains);
        Write(text, "delete", _deletions);
        Write(text, "add", _additions);
        return text.ToString();
    }

    private static void Collect(Dictionary<SetName, List<string>> into, SetName set, string element)
    {
        if (!into.TryGetValue(set, out var elements))
        {
            into[set] = elements = [];
        }

        elements.Add(element);
    }

    private void Write(StringBuilder text, string verb, Dictionary<SetName, List<string>> sets)
    {
        foreach (var (set, elements) in sets.OrderBy(pair => pair.Key.Family).ThenBy(pair => pair.Key.Name, StringComparer.Ordinal))
        {
            text.Append($"{verb} element {set.FamilyName} {table} {set.Name} {{ ").AppendJoin(", ", elements).Append(" }\n");
        }
    }

    private void Direct(string key, DirectPlan? from, DirectPlan? to)
    {
        var suffix = TablePlan.SuffixOf(key);
        if (from?.Mark != to?.Mark)
        {
            if (from is not null)
            {
                Delete(Inet("direct" + suffix), key);
                Delete(Inet("direct-icmp" + suffix), IcmpKey(key));
                Marks(from, null);
            }

            if (to is not null)
            {
                Add(Inet("direct" + suffix), $"{key} : {DirectMarks.Text(to.Mark)}");
                Add(Inet("direct-icmp" + suffix), $"{IcmpKey(key)} : {DirectMarks.Text(to.Mark | DirectMarks.IcmpBit)}");
                Marks(null, to);
            }
        }
        else if (to is not null)
        {
            Marks(from, to);
        }

        Member("served" + suffix, key, from is { Served: true }, to is { Served: true });
        Member("closed" + suffix, key, from is { Closed: true }, to is { Closed: true });
    }

    /// <summary>Elements of one mark; the two plans have the same one, or one of them is null.</summary>
    private void Marks(DirectPlan? from, DirectPlan? to)
    {
        var mark = DirectMarks.Text((from ?? to)!.Mark);
        Slots(Inet("slots"), mark, from?.Owners ?? [], to?.Owners ?? [], MarkText);
        for (var depth = 0; depth < Math.Max(from?.Previous.Length ?? 0, to?.Previous.Length ?? 0); depth++)
        {
            Slots(Inet($"slots-before{depth + 1}"), mark, At(from, depth), At(to, depth), MarkText);
        }

        static ImmutableArray<uint> At(DirectPlan? plan, int depth) =>
            plan is not null && depth < plan.Previous.Length ? plan.Previous[depth] : [];
    }

    private void Member(string set, string key, bool from, bool to)
    {
        if (from && !to)
        {
            Delete(Inet(set), key);
        }
        else if (to && !from)
        {
            Add(Inet(set), key);
        }
    }

    private static string? MarkText(uint mark) => mark == 0 ? null : DirectMarks.Text(mark);

    /// <summary>The map for ICMP errors has raw fields, so numbers.</summary>
    private static string IcmpKey(string key)
    {
        var parts = key.Split(" . ");
        return $"{parts[0]} . {(int)TransportNames.Parse(parts[1])} . {parts[2]}";
    }

    /// <summary>Elements "prefix . slot : value" of a map; no value, no element.</summary>
    private void Slots<T>(SetName map, string prefix, ImmutableArray<T> from, ImmutableArray<T> to, Func<T, string?> text)
    {
        for (var slot = 0; slot < Math.Max(from.Length, to.Length); slot++)
        {
            var before = slot < from.Length ? from[slot] : default;
            var after = slot < to.Length ? to[slot] : default;
            if (EqualityComparer<T>.Default.Equals(before, after))
            {
                continue;
            }

            if (slot < from.Length && text(before!) is not null)
            {
                Delete(map, $"{prefix} . {slot}");
            }

            if (slot < to.Length && text(after!) is { } value)
            {
                Add(map, $"{prefix} . {slot} : {value}");
            }
        }
    }

    private static SetName Inet(string set) => new(NftablesFamily.Inet, set);

    private void Set(
        string name, ImmutableSortedSet<string> from, ImmutableSortedSet<string> to, IReadOnlyCollection<string>? touched = null)
    {
        if (ReferenceEquals(from, to))
        {
            return;
        }

        foreach (var element in touched ?? (IEnumerable<string>)from.Union(to))
        {
            Member(name + TablePlan.SuffixOf(element), element, from.Contains(element), to.Contains(element));
        }
    }

    private void Change(SetName set, IReadOnlySet<string> from, IReadOnlySet<string> to)
    {
        foreach (var element in from.Where(element => !to.Contains(element)))
        {
            // A map's element is deleted by its key.
            Delete(set, element.Split(" : ")[0]);
        }

        foreach (var element in to.Where(element => !from.Contains(element)))
        {
            Add(set, element);
        }
    }

    private void Delete(SetName set, string element)
    {
        Collect(_deletions, set, element);
        Elements++;
    }

    private void Add(SetName set, string element)
    {
        Collect(_additions, set, element);
        Elements++;
    }

    private readonly record struct SetName(NftablesFamily Family, string Name)
    {
        public string FamilyName => Family switch { NftablesFamily.IPv4 => "ip", NftablesFamily.IPv6 => "ip6", _ => "inet" };
    }
}
