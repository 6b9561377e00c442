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
    public static string ReadRules(NftablesContext nftables, string table)
    {
        var text = new System.Text.StringBuilder();
        foreach (var chain in TableSchemaChains)
        {
            text.Append(nftables.List($"list chain inet {table} {chain}"));
        }

        return text.ToString();
    }

    private static readonly string[] TableSchemaChains =
        ["prerouting", "output", "postrouting", "refuse", "refuse-incoming", "refuse-outgoing"];

    private static TablePlan Parse(JsonElement objects)
    {
        var sets = new Dictionary<string, IEnumerable<string>>(StringComparer.Ordinal);
        var chains = new List<string>();
        var verdicts = new Dictionary<string, string>(StringComparer.Ordinal);
        var slots = new Dictionary<string, List<string?>>(StringComparer.Ordinal);
        foreach (var entry in objects.EnumerateArray())
        {
            if (entry.TryGetProperty("set", out var set))
            {
                sets[set.GetProperty("name").GetString()!] = [.. Elements(set).Select(Text)];
            }
            else if (entry.TryGetProperty("map", out var map))
            {
                ReadMap(map, verdicts, slots);
            }
            else if (entry.TryGetProperty("rule", out var rule))
            {
                // A slot chain counts only when its rule is there.
                var chain = rule.GetProperty("chain").GetString()!;
                if (!TableSchemaChains.Contains(chain, StringComparer.Ordinal))
                {
                    chains.Add(chain);
                }
            }
        }

        var services = ImmutableSortedDictionary.CreateBuilder<string, ServicePlan>(StringComparer.Ordinal);
        foreach (var key in verdicts.Keys.Union(slots.Keys))
        {
            services[key] = new ServicePlan(verdicts.GetValueOrDefault(key), [.. slots.GetValueOrDefault(key) ?? []]);
        }

        return new TablePlan
        {
            VirtualAddresses = Both("vips"),
            Held = Both("held"),
            LocalBackends = Both("local-backends"),
            SlotChains = TablePlan.Set(chains),
            Services = services.ToImmutable(),
        };

        ImmutableSortedSet<string> Both(string name) =>
            TablePlan.Set([.. sets.GetValueOrDefault(name) ?? [], .. sets.GetValueOrDefault(name + "6") ?? []]);
    }

    private static void ReadMap(
        JsonElement map, Dictionary<string, string> verdicts, Dictionary<string, List<string?>> slots)
    {
        var name = map.GetProperty("name").GetString();
        var shared = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in Elements(map))
        {
            var key = Text(pair[0]);
            if (name is "services" or "services6")
            {
                verdicts[key] = pair[1].TryGetProperty("goto", out var target)
                    ? target.GetProperty("target").GetString()!
                    : pair[1].GetRawText();
            }
            else if (name is "endpoints-tcp" or "endpoints-udp" or "endpoints6-tcp" or "endpoints6-udp")
            {
                var parts = key.Split(" . ");
                var slot = int.Parse(parts[2]);
                var service = $"{parts[0]} . {name[^3..]} . {parts[1]}";
                if (!slots.TryGetValue(service, out var list))
                {
                    slots[service] = list = [];
                }

                while (list.Count <= slot)
                {
                    list.Add(null);
                }

                var backend = Text(pair[1]);
                list[slot] = shared.TryGetValue(backend, out var known) ? known : shared[backend] = backend;
            }
        }
    }

    private static IEnumerable<JsonElement> Elements(JsonElement set) =>
        set.TryGetProperty("elem", out var elements) ? elements.EnumerateArray() : [];

    /// <summary>A scalar or a concatenation in the notation of <see cref="TablePlan"/>.</summary>
    private static string Text(JsonElement element) => element.ValueKind switch
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
