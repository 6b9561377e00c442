using System.Collections.Immutable;
using System.Net.Sockets;
using System.Text;

namespace Mooring.Agent.DataPlane.Plans;

/// <summary>
/// The changing contents of our nftables table as plain data, in nft's own notation: what should be, or what the kernel
/// was read to have.
/// </summary>
internal sealed record TablePlan
{
    public static readonly TablePlan Empty = new();

    /// <summary>Every virtual address, held here or not.</summary>
    public ImmutableSortedSet<string> VirtualAddresses { get; init; } = Set();

    /// <summary>Those this node answers for.</summary>
    public ImmutableSortedSet<string> Held { get; init; } = Set();

    /// <summary>Addresses of backends on this node, whose replies come back through it.</summary>
    public ImmutableSortedSet<string> LocalBackends { get; init; } = Set();

    /// <summary>Chains that pick a slot, one per way of picking and number of slots.</summary>
    public ImmutableSortedSet<string> SlotChains { get; init; } = Set();

    /// <summary>MAC addresses of the other nodes: what comes from them was handed on. Direct mode only.</summary>
    public ImmutableSortedSet<string> Peers { get; init; } = Set();

    /// <summary>Addresses of the other nodes: only they may send into our tunnels. Direct mode only.</summary>
    public ImmutableSortedSet<string> TunnelEnds { get; init; } = Set();

    /// <summary>Next hops of second chances, "mark : address", IPv4 and IPv6.</summary>
    public ImmutableSortedSet<string> SecondHops { get; init; } = Set();

    /// <inheritdoc cref="SecondHops"/>
    public ImmutableSortedSet<string> SecondHops6 { get; init; } = Set();

    /// <summary>By "address . protocol . port".</summary>
    public ImmutableSortedDictionary<string, ServicePlan> Services { get; init; } =
        ImmutableSortedDictionary.Create<string, ServicePlan>(StringComparer.Ordinal);

    public static ImmutableSortedSet<string> Set(params IEnumerable<string> elements) =>
        ImmutableSortedSet.CreateRange(StringComparer.Ordinal, elements);

    /// <summary>The end of the names of sets, maps and chains of a family.</summary>
    public static string Suffix(AddressFamily family) => family == AddressFamily.InterNetworkV6 ? "6" : "";

    /// <summary>The services map of a service key.</summary>
    public static string ServicesOf(string key) => $"services{SuffixOf(key)}";

    /// <summary>The endpoints map of a service key, and the key's part of its elements: "address . port".</summary>
    public static (string Map, string Prefix) EndpointsOf(string key)
    {
        var parts = key.Split(" . ");
        return ($"endpoints{SuffixOf(key)}-{parts[1]}", $"{parts[0]} . {parts[2]}");
    }

    /// <summary>The suffix of an element that is or begins with an address.</summary>
    public static string SuffixOf(string element) => element.Contains(':', StringComparison.Ordinal) ? "6" : "";

    /// <summary>Readable text, the same for equal plans; runs of slots with one backend are folded.</summary>
    public string Dump()
    {
        var text = new StringBuilder();
        text.Append("vips: ").AppendJoin(", ", VirtualAddresses).Append('\n');
        text.Append("held: ").AppendJoin(", ", Held).Append('\n');
        text.Append("local-backends: ").AppendJoin(", ", LocalBackends).Append('\n');
        foreach (var (key, service) in Services)
        {
            text.Append(key).Append(" -> ").Append(service.Chain ?? (service.Holding ? "hold" : "refuse")).Append('\n');
            Fold(text, "  ", service.Slots, slot => slot ?? "(missing)");
            if (service.Direct is { } direct)
            {
                text.Append("  direct ").Append(DirectMarks.Text(direct.Mark)).Append(direct.Served ? " served" : "")
                    .Append(direct.Closed ? " closed" : "").Append('\n');
                Fold(text, "    owner ", direct.Owners, mark => mark == 0 ? "here" : DirectMarks.Text(mark));
                foreach (var previous in direct.Previous)
                {
                    Fold(text, "    before ", previous, mark => mark == 0 ? "none" : DirectMarks.Text(mark));
                }
            }
        }

        return text.ToString();
    }

    private static void Fold<T>(StringBuilder text, string indent, ImmutableArray<T> slots, Func<T, string> describe)
    {
        for (var slot = 0; slot < slots.Length;)
        {
            var last = slot;
            while (last + 1 < slots.Length && EqualityComparer<T>.Default.Equals(slots[last + 1], slots[slot]))
            {
                last++;
            }

            text.Append(indent).Append(slot == last ? $"{slot}" : $"{slot}-{last}").Append(": ").Append(describe(slots[slot])).Append('\n');
            slot = last + 1;
        }
    }
}
