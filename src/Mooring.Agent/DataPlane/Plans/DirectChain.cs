using Mooring.Core.Balancing;

namespace Mooring.Agent.DataPlane.Plans;

/// <summary>
/// The chains of Direct mode that turn the mark of a service into the mark of a node: <c>pick</c> by the slots in force,
/// <c>before1</c> to
/// <c>before3</c> by the nodes that had them. One per way of hashing and number of slots, like <see cref="SlotChain"/>.
/// </summary>
internal static class DirectChain
{
    private const string Pick = "pick";

    /// <summary>Stages by the map they look into: the owners, then the nodes before them.</summary>
    private static readonly string[] Stages = [Pick, "before1", "before2", "before3"];

    public static IEnumerable<string> Names(bool client, int slots) =>
        from stage in Stages
        from kind in (string[])["", "icmp-"]
        select $"{stage}-{kind}{(client ? "client" : "flow")}-{slots}";

    public static bool Is(string name) =>
        Stages.Any(stage => name.StartsWith(stage + "-", StringComparison.Ordinal));

    /// <summary>The element that leads to the chain: its map and "mark : verdict".</summary>
    public static (string Map, string Element) Entry(string name)
    {
        var parts = name.Split('-');
        var way = DirectMarks.Way(parts[^2] == "client", int.Parse(parts[^1])) | (parts[1] == "icmp" ? DirectMarks.IcmpBit : 0);
        return (parts[0] == Pick ? "ways" : $"ways-{parts[0]}", $"{DirectMarks.Text(way)} : jump {name}");
    }

    /// <summary>
    /// An ICMP error holds the header of the packet it is about, which went from the VIP to the client: the client is its
    /// destination. Offsets in bits from the ICMP header; the IPv4 header inside is taken to have no options.
    /// </summary>
    public static IEnumerable<string> Rules(string name)
    {
        var parts = name.Split('-');
        var (client, slots) = (parts[^2] == "client", parts[^1]);
        var map = parts[0] == Pick ? "slots" : $"slots-{parts[0]}";
        var hash = $"mod {slots} seed 0x{SlotHash.Seed:x}";
        if (parts[1] == "icmp")
        {
            yield return $"meta mark set meta mark & {DirectMarks.Text(~DirectMarks.IcmpBit)}";
            yield return $"meta nfproto ipv4 meta mark set meta mark . jhash {(client ? "@th,192,32" : "@th,192,32 . @th,240,16")} {hash} map @{map}";
            yield return $"meta nfproto ipv6 meta mark set meta mark . jhash {(client ? "@th,256,128" : "@th,256,128 . @th,400,16")} {hash} map @{map}";
        }
        else
        {
            yield return $"meta mark set meta mark . jhash ip saddr{(client ? "" : " . th sport")} {hash} map @{map}";
            yield return $"meta mark set meta mark . jhash ip6 saddr{(client ? "" : " . th sport")} {hash} map @{map}";
        }
    }
}
