using System.Text;

namespace Mooring.Agent.DataPlane;

/// <summary>The nft commands that take a table from one plan to another. Only the difference is in it.</summary>
internal sealed class TableTransaction(string table)
{
    private readonly StringBuilder _chains = new();
    private readonly SortedDictionary<string, List<string>> _deletions = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, List<string>> _additions = new(StringComparer.Ordinal);

    /// <summary>Set and map elements deleted or added.</summary>
    public int Elements { get; private set; }

    public bool IsEmpty => Elements == 0 && _chains.Length == 0;

    /// <summary>Everything that is not of one service: addresses and slot chains.</summary>
    public TableTransaction Shared(TablePlan from, TablePlan to)
    {
        // Slot chains are added and never removed: they are few, and an unused one costs nothing.
        foreach (var chain in to.SlotChains.Except(from.SlotChains))
        {
            _chains.Append($"add chain inet {table} {chain}\nflush chain inet {table} {chain}\n");
            foreach (var rule in SlotChain.Rules(chain))
            {
                _chains.Append($"add rule inet {table} {chain} {rule}\n");
            }
        }

        Set("vips", from.VirtualAddresses, to.VirtualAddresses);
        Set("held", from.Held, to.Held);
        Set("local-backends", from.LocalBackends, to.LocalBackends);
        return this;
    }

    public TableTransaction Service(string key, ServicePlan? from, ServicePlan? to)
    {
        from ??= ServicePlan.None;
        to ??= ServicePlan.None;
        if (from.Chain != to.Chain)
        {
            if (from.Chain is not null)
            {
                Delete(TablePlan.ServicesOf(key), key);
            }

            if (to.Chain is not null)
            {
                Add(TablePlan.ServicesOf(key), $"{key} : goto {to.Chain}");
            }
        }

        var (endpoints, prefix) = TablePlan.EndpointsOf(key);
        for (var slot = 0; slot < Math.Max(from.Slots.Length, to.Slots.Length); slot++)
        {
            var before = slot < from.Slots.Length ? from.Slots[slot] : null;
            var after = slot < to.Slots.Length ? to.Slots[slot] : null;
            if (before == after)
            {
                continue;
            }

            if (before is not null)
            {
                Delete(endpoints, $"{prefix} . {slot}");
            }

            if (after is not null)
            {
                Add(endpoints, $"{prefix} . {slot} : {after}");
            }
        }

        return this;
    }

    /// <summary>Deletions come first, so that an element is replaced by deleting and adding it.</summary>
    public override string ToString()
    {
        var text = new StringBuilder().Append(_chains);
        Write(text, "delete", _deletions);
        Write(text, "add", _additions);
        return text.ToString();
    }

    private static void Collect(SortedDictionary<string, List<string>> into, string set, string element)
    {
        if (!into.TryGetValue(set, out var elements))
        {
            into[set] = elements = [];
        }

        elements.Add(element);
    }

    private void Write(StringBuilder text, string verb, SortedDictionary<string, List<string>> sets)
    {
        foreach (var (set, elements) in sets)
        {
            text.Append($"{verb} element inet {table} {set} {{ ").AppendJoin(", ", elements).Append(" }\n");
        }
    }

    private void Set(string name, IReadOnlySet<string> from, IReadOnlySet<string> to)
    {
        foreach (var element in from)
        {
            if (!to.Contains(element))
            {
                Delete(name + TablePlan.SuffixOf(element), element);
            }
        }

        foreach (var element in to)
        {
            if (!from.Contains(element))
            {
                Add(name + TablePlan.SuffixOf(element), element);
            }
        }
    }

    private void Delete(string set, string element)
    {
        Collect(_deletions, set, element);
        Elements++;
    }

    private void Add(string set, string element)
    {
        Collect(_additions, set, element);
        Elements++;
    }
}
