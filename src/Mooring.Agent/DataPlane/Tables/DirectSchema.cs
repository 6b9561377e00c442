namespace Mooring.Agent.DataPlane.Tables;

/// <summary>
/// The fixed part of Direct mode. A packet for a VIP meets, in this order: <c>hand-on</c> (before conntrack: the slot's
/// node, stateless), <c>second</c> (after conntrack: what to do with a flow this node does not know), the Nat chains of
/// <see cref="TableSchema"/> on the node that serves it. A second chance is sent by <c>dup</c> from a table per family, as
/// the copy leaves without the conntrack entry that the packet would otherwise make here.
/// </summary>
internal static class DirectSchema
{
    /// <summary>Carries flows to nodes of other segments.</summary>
    public const string Tunnel = "mooring0";

    /// <summary>Carries second chances: what comes out of it is never handed on again.</summary>
    public const string SecondTunnel = "mooring1";

    /// <summary>What both names begin with, and no other device's: it is compared without a lookup.</summary>
    private const string Tunnels = "mooring";

    public const ushort TunnelPort = 7949;

    /// <summary>Chains of the inet table whose rules never change.</summary>
    public static readonly string[] Chains =
    [
        "early4", "early6", "early-node", "find", "found", "from-outside", "error", "error-local", "from-tunnel", "way", "reply", "hand-on", "hand-on-local", "second",
        "second-local", "unknown", "fresh", "fresh-arrived", "last", "more", "more2", "more3", "second2", "second2-local",
        "second3", "second3-local", "unmark", "tunnel-guard",
    ];

    /// <summary>Chains of the inet table whose rules are set as needed.</summary>
    public static readonly string[] ChangingChains = ["lost", "clamp"];

    private const string IsNode = "meta mark & 0xff000000 == 0x6e000000";
    private const string IsService = "meta mark & 0xff000000 == 0x6d000000";

    /// <summary>Mark from the ingress hook to <c>hand-on</c>: a node handed this packet on, and it need not be looked up again.</summary>
    private const string HandedOn = "0x6c000000";

    private const string IsSyn = "tcp flags & (fin | syn | rst | ack) == syn";
    private const string IsUnderWay = "tcp flags & (fin | syn | rst | ack) != syn";
    private const string Errors = "{ destination-unreachable, time-exceeded, parameter-problem }";
    private const string Errors6 = "{ destination-unreachable, packet-too-big, time-exceeded, parameter-problem }";
    private const string Key = "ip daddr . meta l4proto . th dport";
    private const string Key6 = "ip6 daddr . meta l4proto . th dport";

    /// <summary>Of a packet that comes from a VIP: the pod's node answers a client on this node, or behind it.</summary>
    private const string Source = "ip saddr . meta l4proto . th sport";
    private const string Source6 = "ip6 saddr . meta l4proto . th sport";

    /// <summary>Commands that add Direct mode to the table, which must be there.</summary>
    public static string Create(string table) =>
        $$"""
        table inet {{table}} {
            set peers { type ether_addr
            }
            set tunnel-ends { type ipv4_addr
            }
            set tunnel-ends6 { type ipv6_addr
            }
            set served { type ipv4_addr . inet_proto . inet_service
            }
            set served6 { type ipv6_addr . inet_proto . inet_service
            }
            set closed { type ipv4_addr . inet_proto . inet_service
            }
            set closed6 { type ipv6_addr . inet_proto . inet_service
            }
            map direct { type ipv4_addr . inet_proto . inet_service : mark
            }
            map direct6 { type ipv6_addr . inet_proto . inet_service : mark
            }
            map direct-icmp { typeof ip daddr . @th,136,8 . @th,224,16 : meta mark
            }
            map direct-icmp6 { typeof ip6 daddr . @th,112,8 . @th,384,16 : meta mark
            }
            map slots { typeof meta mark . numgen inc mod 65536 : meta mark
            }
            map slots-before1 { typeof meta mark . numgen inc mod 65536 : meta mark
            }
            map slots-before2 { typeof meta mark . numgen inc mod 65536 : meta mark
            }
            map slots-before3 { typeof meta mark . numgen inc mod 65536 : meta mark
            }
            map ways { type mark : verdict
            }
            map ways-before1 { type mark : verdict
            }
            map ways-before2 { type mark : verdict
            }
            map ways-before3 { type mark : verdict
            }
            chain early-node {
                meta mark & 0xfffc0000 vmap @ways
                {{IsService}} meta mark set 0x0
            }
            chain early4 {
                meta pkttype != host meta mark set 0x0 accept
                ether saddr @peers meta mark set {{HandedOn}} accept
                ip frag-off & 0x3fff != 0x0 meta mark set 0x0 accept
                ip ttl < 2 meta mark set 0x0 accept
                {{IsUnderWay}} goto early-node
                {{Key}} @closed meta mark set 0x0 accept
                goto early-node
            }
            chain early6 {
                meta pkttype != host meta mark set 0x0 accept
                ether saddr @peers meta mark set {{HandedOn}} accept
                ip6 nexthdr != { tcp, udp } meta mark set 0x0 accept
                ip6 hoplimit < 2 meta mark set 0x0 accept
                {{IsUnderWay}} goto early-node
                {{Key6}} @closed6 meta mark set 0x0 accept
                goto early-node
            }
            chain find {
                meta mark set {{Key}} map @direct return
                meta mark set {{Key6}} map @direct6 return
                icmp type {{Errors}} meta mark set ip daddr . @th,136,8 . @th,224,16 map @direct-icmp
                icmpv6 type {{Errors6}} meta mark set ip6 daddr . @th,112,8 . @th,384,16 map @direct-icmp6
            }
            chain way {
                meta mark & 0xfffc0000 vmap @ways
                {{IsNode}} notrack accept
                {{IsService}} meta mark set 0x0
            }
            chain found {
                {{IsUnderWay}} goto way
                {{Key}} @closed meta mark set 0x0 accept
                {{Key6}} @closed6 meta mark set 0x0 accept
                goto way
            }
            chain from-outside {
                ether saddr @peers meta mark set 0x0 accept
                goto found
            }
            chain error {
                ether saddr @peers accept
                goto error-local
            }
            chain error-local {
                jump find
                {{IsService}} goto way
            }
            chain from-tunnel {
                ip daddr @vips accept
                ip6 daddr @vips6 accept
                drop
            }
            chain reply {
                meta mark set 0x0 notrack accept
            }
            chain hand-on {
                type filter hook prerouting priority -300; policy accept;
                meta mark {{HandedOn}} meta mark set 0x0 accept
                iifname "{{Tunnels}}*" goto from-tunnel
                meta mark set {{Key}} map @direct goto from-outside
                meta mark set {{Key6}} map @direct6 goto from-outside
                ip saddr @vips meta mark set {{Source}} map @direct goto reply
                ip6 saddr @vips6 meta mark set {{Source6}} map @direct6 goto reply
                icmp type {{Errors}} goto error
                icmpv6 type {{Errors6}} goto error
            }
            chain hand-on-local {
                type route hook output priority -300; policy accept;
                oifname "{{Tunnels}}*" accept
                meta mark set {{Key}} map @direct goto found
                meta mark set {{Key6}} map @direct6 goto found
                icmp type {{Errors}} goto error-local
                icmpv6 type {{Errors6}} goto error-local
            }
            chain lost {
                drop
            }
            chain last {
                {{IsSyn}} accept
                meta l4proto udp accept
                jump find
                meta mark & 0xfffc0000 vmap @ways-before2
                {{IsNode}} drop
                goto lost
            }
            chain fresh-arrived {
                {{Key}} @served accept
                {{Key6}} @served6 accept
                jump find
                meta mark & 0xfffc0000 vmap @ways
                {{IsService}} meta mark set 0x0
            }
            chain fresh {
                iifname "{{Tunnel}}" goto fresh-arrived
                ether saddr @peers goto fresh-arrived
            }
            chain unknown {
                meta l4proto tcp ct state invalid drop
                iifname "{{SecondTunnel}}" goto last
                {{IsSyn}} goto fresh
                meta l4proto udp goto fresh
                jump find
                iifname "{{Tunnel}}" meta mark & 0xfffc0000 vmap @ways
                ether saddr @peers meta mark & 0xfffc0000 vmap @ways
                {{IsNode}} accept
                meta mark & 0xfffc0000 vmap @ways-before1
                {{IsService}} meta mark set 0x0
            }
            chain second {
                type filter hook prerouting priority -150; policy accept;
                ct state established,related,untracked accept
                ip daddr @vips goto unknown
                ip6 daddr @vips6 goto unknown
            }
            chain second-local {
                type filter hook output priority -150; policy accept;
                ct state established,related,untracked accept
                oifname "{{Tunnels}}*" accept
                ip daddr @vips goto unknown
                ip6 daddr @vips6 goto unknown
            }
            chain more {
                {{IsSyn}} drop
                meta l4proto udp drop
                jump find
            }
            chain more2 {
                ct state untracked accept
                jump more
                meta mark & 0xfffc0000 vmap @ways-before2
                {{IsNode}} accept
                drop
            }
            chain more3 {
                ct state untracked accept
                jump more
                meta mark & 0xfffc0000 vmap @ways-before3
                {{IsNode}} accept
                drop
            }
            chain second2 {
                type filter hook prerouting priority -148; policy accept;
                {{IsNode}} goto more2
            }
            chain second2-local {
                type filter hook output priority -148; policy accept;
                {{IsNode}} goto more2
            }
            chain second3 {
                type filter hook prerouting priority -146; policy accept;
                {{IsNode}} goto more3
            }
            chain second3-local {
                type filter hook output priority -146; policy accept;
                {{IsNode}} goto more3
            }
            chain unmark {
                type filter hook postrouting priority 300; policy accept;
                {{IsNode}} meta mark set 0x0
            }
            chain clamp {
                type filter hook postrouting priority -150; policy accept;
            }
            chain tunnel-guard {
                type filter hook input priority -10; policy accept;
                udp dport {{TunnelPort}} ip saddr != @tunnel-ends drop
                udp dport {{TunnelPort}} ip6 saddr != @tunnel-ends6 drop
            }
        }
        """;

    /// <summary>
    /// Commands that make the tables for second chances. Their rules are bound to the device that is there at the time, so
    /// they are made anew with it.
    /// </summary>
    public static string CreateSecond(string table, string device = SecondTunnel) =>
        RemoveSecond(table) +
        $$"""
        table ip {{table}} {
            map nodes { type mark : ipv4_addr
            }
        {{SecondChance(device)}}
        }
        table ip6 {{table}} {
            map nodes { type mark : ipv6_addr
            }
        {{SecondChance(device)}}
        }

        """;

    public static string RemoveSecond(string table) =>
        $"table ip {table}\ndelete table ip {table}\ntable ip6 {table}\ndelete table ip6 {table}\n";

    /// <summary>Commands that bound the segments clients are told to send; null: not.</summary>
    public static string Clamp(string table, int? segmentV4, int? segmentV6)
    {
        return $"flush chain inet {table} clamp\n" + Rule("ip", "vips", segmentV4) + Rule("ip6", "vips6", segmentV6);

        string Rule(string family, string vips, int? segment) => segment is null ? ""
            : $"add rule inet {table} clamp tcp flags & (syn | ack) == syn | ack ct original {family} daddr @{vips} "
                + $"tcp option maxseg size > {segment} tcp option maxseg size set {segment}\n";
    }

    /// <summary>The bounds in a listing of the chain.</summary>
    public static (int? V4, int? V6) ReadClamp(string listing)
    {
        return (Read("@vips "), Read("@vips6 "));

        int? Read(string vips) => listing.Split('\n').FirstOrDefault(line => line.Contains(vips, StringComparison.Ordinal)) is { } line
            && int.TryParse(line.AsSpan(line.LastIndexOf(' ') + 1), out var segment)
                ? segment
                : null;
    }

    private static string SecondChance(string device) =>
        $$"""
            chain hand-back {
                ct state untracked accept
                dup to meta mark map @nodes device "{{device}}"
            }
            chain second {
                type filter hook prerouting priority -149; policy accept;
                {{IsNode}} goto hand-back
            }
            chain second-local {
                type filter hook output priority -149; policy accept;
                {{IsNode}} goto hand-back
            }
            chain second2 {
                type filter hook prerouting priority -147; policy accept;
                {{IsNode}} goto hand-back
            }
            chain second2-local {
                type filter hook output priority -147; policy accept;
                {{IsNode}} goto hand-back
            }
            chain last {
                ct state untracked accept
                dup to meta mark map @nodes device "{{device}}"
                drop
            }
            chain second3 {
                type filter hook prerouting priority -145; policy accept;
                {{IsNode}} goto last
            }
            chain second3-local {
                type filter hook output priority -145; policy accept;
                {{IsNode}} goto last
            }
        """;
}
