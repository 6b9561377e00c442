using System.Text;

namespace Mooring.Agent.DataPlane;

/// <summary>The nft commands that take a table from one plan to another. Only the difference is in it.</summary>
internal sealed class TableTransaction(string table)
{
    private readonly StringBuilder _chains = new();
    private readonly StringBuilder _deletions = new();
    private readonly StringBuilder _additions = new();

    /// <summary>Set and map elements deleted or added.</summary>
    public int Elements { get; private set; }

    public bool IsEmpty => Elements == 0 && _chains.Length == 0;

    /// <summary>Everything that is not of one service: addresses and slot chains.</summary>
    public TableTransaction Shared(TablePlan from, TablePlan to)
    {
        // Slot chains are added and never removed: they are few, and an unused one costs nothing.
        foreach (var chain in to.SlotChains.Except(from.SlotChains))
        {
            _chains.Append($"add chain inet {table} {chain}\nflush chain inet {table} {chain}\n")
                .Append($"add rule inet {table} {chain} {SlotChain.Rule(chain)}\n");
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
                Delete("services", key);
            }

            if (to.Chain is not null)
            {
                Add("services", $"{key} : goto {to.Chain}");
            }
        }

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
                Delete("endpoints", $"{key} . {slot}");
            }

            if (after is not null)
            {
                Add("endpoints", $"{key} . {slot} : {after}");
            }
        }

        return this;
    }

    /// <summary>Deletions come first, so that an element is replaced by deleting and adding it.</summary>
    public override string ToString() => string.Concat(_chains, _deletions, _additions);

    private void Set(string name, IReadOnlySet<string> from, IReadOnlySet<string> to)
    {
        foreach (var element in from)
        {
            if (!to.Contains(element))
            {
                Delete(name, element);
            }
        }

        foreach (var element in to)
        {
            if (!from.Contains(element))
            {
                Add(name, element);
            }
        }
    }

    private void Delete(string set, string element)
    {
        _deletions.Append($"delete element inet {table} {set} {{ {element} }}\n");
        Elements++;
    }

    private void Add(string set, string element)
    {
        _additions.Append($"add element inet {table} {set} {{ {element} }}\n");
        Elements++;
    }
}
