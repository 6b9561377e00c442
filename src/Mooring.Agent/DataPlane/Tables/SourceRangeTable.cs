using System.Collections.Immutable;
using Mooring.Core.DataPlane;
using Mooring.Linux.Nftables;

namespace Mooring.Agent.DataPlane.Tables;

/// <summary>
/// The clients that services are for, in a table of its own that is there only while some service has source ranges. What changes is
/// sent, in one transaction; the table is read when another program has changed it.
/// </summary>
/// <param name="session">Opened by whoever calls.</param>
/// <param name="table">Name of our main table.</param>
internal sealed class SourceRangeTable(NftablesSession session, string table)
{
    private readonly string _name = SourceRangeSchema.NameOf(table);

    /// <summary>What the kernel has; null: it has to be read.</summary>
    private HashSet<SourceRangeElement>? _contents;

    /// <summary>The rules as the kernel showed them when they were made; null: there are none that count.</summary>
    private string? _rules;

    /// <summary>There is a table of the name, whatever is in it.</summary>
    private bool _present;

    /// <summary>What it was made for last; null: it may differ anywhere.</summary>
    private ImmutableArray<ForwardedService>? _services;

    private string? _culprit;

    /// <summary>False from when another program was found to have changed it until that is repaired: services with ranges are open to everybody.</summary>
    public bool InForce { get; private set; } = true;

    /// <summary>
    /// To be called before the services change: those that are about to go keep their ranges until <see cref="Ensure"/>, after
    /// it, so that nobody is let through in between.
    /// </summary>
    /// <exception cref="NftablesException">Nothing was changed.</exception>
    public void EnsureBefore(ImmutableArray<ForwardedService> services)
    {
        var (wanted, before) = Difference(services);
        var restricted = wanted.Select(element => element.Service).ToHashSet(StringComparer.Ordinal);
        Change([.. before.Where(element => restricted.Contains(element.Service)).Except(wanted)], Missing(wanted));
        InForce = true;
    }

    /// <exception cref="NftablesException">Nothing was changed.</exception>
    public void Ensure(ImmutableArray<ForwardedService> services)
    {
        var (wanted, before) = Difference(services);
        Change([.. before.Except(wanted)], Missing(wanted));
        if (_present && Read().Count == 0)
        {
            session.Execute(SourceRangeSchema.Remove(table));
            (_present, _rules) = (false, null);
        }

        _services = services;
    }

    /// <summary>The program that changed it; the next <see cref="Ensure"/> repairs that. Null: it is as it should be.</summary>
    public string? Drift()
    {
        _culprit = session.TakeForeignChange(_name) ?? _culprit;
        if (_culprit is null || _contents is null || !_present)
        {
            return null;
        }

        var (expected, rules) = (_contents, _rules);
        _contents = null;
        var same = Read().SetEquals(expected) && _rules == rules;
        (var culprit, _culprit) = (_culprit, null);
        InForce &= same;
        return same ? null : culprit;
    }

    /// <summary>What the services need, and what there is of theirs; of those that changed only, if it is known which.</summary>
    private (HashSet<SourceRangeElement> Wanted, IEnumerable<SourceRangeElement> Before) Difference(ImmutableArray<ForwardedService> services)
    {
        var contents = Read();
        if (_services is not { } last)
        {
            return (services.SelectMany(SourceRangeElement.Of).ToHashSet(), contents);
        }

        var changes = ServiceChanges.Between(last, services);
        return (
            changes.Added.SelectMany(change => SourceRangeElement.Of(change.Now)).ToHashSet(),
            changes.Removed.Concat(changes.Added.Select(change => change.Before).OfType<ForwardedService>())
                .SelectMany(SourceRangeElement.Of).Where(contents.Contains));
    }

    private List<SourceRangeElement> Missing(HashSet<SourceRangeElement> wanted)
    {
        var contents = Read();
        return [.. wanted.Where(element => !contents.Contains(element))];
    }

    private void Change(IReadOnlyCollection<SourceRangeElement> stale, IReadOnlyCollection<SourceRangeElement> missing)
    {
        if (stale.Count + missing.Count == 0)
        {
            return;
        }

        var contents = Read();
        var services = _services;
        (_contents, _services) = (null, null);
        if (_rules is null)
        {
            session.Execute(SourceRangeSchema.Remove(table) + SourceRangeSchema.Create(table));
            _present = true;
        }

        var batch = new NftablesBatch(_name);
        foreach (var element in stale)
        {
            element.Put(batch, add: false);
        }

        foreach (var element in missing)
        {
            element.Put(batch, add: true);
        }

        session.Execute(batch);
        if (_rules is null)
        {
            session.Execute(SourceRangeSchema.AddChains(table));
            _rules = ReadRules();
        }

        contents.ExceptWith(stale);
        contents.UnionWith(missing);
        (_contents, _services) = (contents, services);
    }

    /// <summary>What there is in a table that works; nothing when it has to be made anew.</summary>
    private HashSet<SourceRangeElement> Read()
    {
        if (_contents is not null)
        {
            return _contents;
        }

        _services = null;
        var found = session.Objects.Table(NftablesFamily.Inet, _name);
        var rules = found is { Comment: SourceRangeSchema.Version, Dormant: false } ? ReadRules() : null;
        (_present, _rules) = (found is not null, _rules is null || _rules == rules ? rules : null);
        return _contents = _rules is null ? [] : ReadElements();
    }

    private HashSet<SourceRangeElement> ReadElements()
    {
        var contents = new HashSet<SourceRangeElement>();
        foreach (var set in SourceRangeElement.Sets)
        {
            var elements = new List<SourceRangeElement>();
            session.Elements.Read(
                NftablesFamily.Inet, _name, set, elements.Clear, element => elements.Add(SourceRangeElement.Of(set, element)));
            contents.UnionWith(elements);
        }

        return contents;
    }

    /// <summary>Null when a chain has no rules.</summary>
    private string? ReadRules()
    {
        var chains = session.Objects.Chains(NftablesFamily.Inet, _name);
        var rules = SourceRangeSchema.Chains.Select(chain => chains.GetValueOrDefault(chain, "")).ToArray();
        return rules.All(chain => chain.Length > 0) ? string.Join(' ', rules) : null;
    }
}
