using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Mooring.Linux.Nftables;

namespace Mooring.Agent.DataPlane;

/// <summary>Reads our table back from the kernel.</summary>
internal static class KernelTable
{
    /// <summary>The table's changing contents, or null when there is no table of this schema.</summary>
    public static TablePlan? Read(NftablesContext nftables, string table)
    {
        string json;
        try
        {
            if (!nftables.List("list tables").Contains($"table inet {table}\n", StringComparison.Ordinal)
                || !nftables.List($"list table inet {table}").Contains(
                    $"comment \"{TableSchema.Version}\"", StringComparison.Ordinal))
            {
                return null;
            }

            json = nftables.ListJson($"list table inet {table}");
        }
        catch (NftablesException)
        {
            // The table went away between two of the listings: the same as not being there.
            return null;
        }

        using var document = JsonDocument.Parse(json);
        return Parse(document.RootElement.GetProperty("nftables"));
    }

    /// <summary>
    /// The rules of the fixed part as nft prints them, to compare with a later listing: elements and slot chains left out.
    /// </summary>
    /// <param name="nftables">Where to read.</param>
    /// <param name="table">Name of the table.</param>
    /// <param name="direct">It has the chains of Direct mode.</param>
    /// <param name="second">The tables for second chances are there.</param>
    public static string ReadRules(NftablesContext nftables, string table, bool direct, bool second)
    {
        var text = new System.Text.StringBuilder();
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
    public static bool HasDirect(NftablesContext nftables, string table) =>
        nftables.List($"list table inet {table}").Contains("chain hand-on {", StringComparison.Ordinal);

    /// <summary>The tables for second chances are there.</summary>
    public static bool HasSecond(NftablesContext nftables, string table)
    {
        var tables = nftables.List("list tables");
        return tables.Contains($"table ip {table}\n", StringComparison.Ordinal)
            && tables.Contains($"table ip6 {table}\n", StringComparison.Ordinal);
    }

    /// <summary>Next hops of second chances of a family.</summary>
    public static ImmutableSortedSet<string> ReadSecondHops(NftablesContext nftables, string table, string family)
    {
        using var document = JsonDocument.Parse(nftables.ListJson($"list map {family} {table} nodes"));
        return TablePlan.Set(
            from entry in document.RootElement.GetProperty("nftables").EnumerateArray().ToArray()
            where entry.TryGetProperty("map", out _)
            from pair in Elements(entry.GetProperty("map")).ToArray()
            select $"{DirectMarks.Text(pair[0].GetUInt32())} : {Part(pair[1])}");
    }

    private static TablePlan Parse(JsonElement objects)
    {
        var sets = new Dictionary<string, IEnumerable<string>>(StringComparer.Ordinal);
        var chains = new List<string>();
        var contents = new KernelServices();
        foreach (var entry in objects.EnumerateArray())
        {
            if (entry.TryGetProperty("set", out var set))
            {
                sets[set.GetProperty("name").GetString()!] = [.. Elements(set).Select(Text)];
            }
            else if (entry.TryGetProperty("map", out var map))
            {
                var name = map.GetProperty("name").GetString()!;
                foreach (var pair in Elements(map))
                {
                    contents.Add(name, Text(pair[0]), pair[1]);
                }
            }
            else if (entry.TryGetProperty("rule", out var rule))
            {
                // A slot chain counts only when its rule is there.
                var chain = rule.GetProperty("chain").GetString()!;
                if (!Fixed.Contains(chain))
                {
                    chains.Add(chain);
                }
            }
        }

        return new TablePlan
        {
            VirtualAddresses = Both("vips"),
            Held = Both("held"),
            LocalBackends = Both("local-backends"),
            TunnelEnds = Both("tunnel-ends"),
            Peers = TablePlan.Set(sets.GetValueOrDefault("peers") ?? []),
            SlotChains = TablePlan.Set(chains),
            Services = contents.Build(served: Both("served"), closed: Both("closed")),
        };

        ImmutableSortedSet<string> Both(string name) =>
            TablePlan.Set([.. sets.GetValueOrDefault(name) ?? [], .. sets.GetValueOrDefault(name + "6") ?? []]);
    }

    private static readonly FrozenSet<string> Fixed =
        TableSchema.Chains.Concat(DirectSchema.Chains).Concat(DirectSchema.ChangingChains).ToFrozenSet(StringComparer.Ordinal);

    private static IEnumerable<JsonElement> Elements(JsonElement set) =>
        set.TryGetProperty("elem", out var elements) ? elements.EnumerateArray() : [];

    /// <summary>A scalar or a concatenation in the notation of <see cref="TablePlan"/>.</summary>
    public static string Text(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object when element.TryGetProperty("elem", out var inner) => Text(inner.GetProperty("val")),
        JsonValueKind.Object => string.Join(" . ", element.GetProperty("concat").EnumerateArray().Select(Part)),
        _ => Part(element),
    };

    /// <summary>Addresses as <see cref="NftablesText"/> writes them, which differs from nft's way for a few.</summary>
    private static string Part(JsonElement part)
    {
        var text = part.ToString();
        return text.Contains(':', StringComparison.Ordinal) && IPAddress.TryParse(text, out var address)
            ? NftablesText.Of(address)
            : text;
    }
}
