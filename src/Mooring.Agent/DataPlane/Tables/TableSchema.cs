namespace Mooring.Agent.DataPlane.Tables;

/// <summary>
/// The fixed part of our table: sets, maps and the chains at the hooks. Packets meet one lookup for the service and one
/// for the slot, however many services there are.
/// </summary>
internal static class TableSchema
{
    /// <summary>Written into the table's comment; a table with another one is rebuilt.</summary>
    public const string Version = "mooring 9";

    /// <summary>
    /// At which destinations are translated: before kube-proxy, which does it at -100 (dstnat) in each of its modes and has the
    /// address of every Service of type LoadBalancer, and after conntrack (-200). Of two chains at one priority the younger would come first.
    /// </summary>
    public const int Priority = -110;

    public static readonly string[] Chains =
        ["prerouting", "output", "postrouting", "refuse", "refuse-incoming", "refuse-outgoing"];

    /// <summary>Commands that create the empty table <paramref name="table"/>.</summary>
    public static string Create(string table) =>
        $$"""
        table inet {{table}} {
            comment "{{Version}}"
            set vips { type ipv4_addr
            }
            set vips6 { type ipv6_addr
            }
            set held { type ipv4_addr
            }
            set held6 { type ipv6_addr
            }
            set local-backends { type ipv4_addr
            }
            set local-backends6 { type ipv6_addr
            }
            set holding { type ipv4_addr . inet_proto . inet_service
            }
            set holding6 { type ipv6_addr . inet_proto . inet_service
            }
            map endpoints-tcp { typeof ip daddr . tcp dport . numgen inc mod 65536 : ip daddr . tcp dport
            }
            map endpoints-udp { typeof ip daddr . udp dport . numgen inc mod 65536 : ip daddr . udp dport
            }
            map endpoints-sctp { typeof ip daddr . sctp dport . numgen inc mod 65536 : ip daddr . sctp dport
            }
            map endpoints6-tcp { typeof ip6 daddr . tcp dport . numgen inc mod 65536 : ip6 daddr . tcp dport
            }
            map endpoints6-udp { typeof ip6 daddr . udp dport . numgen inc mod 65536 : ip6 daddr . udp dport
            }
            map endpoints6-sctp { typeof ip6 daddr . sctp dport . numgen inc mod 65536 : ip6 daddr . sctp dport
            }
            map services { type ipv4_addr . inet_proto . inet_service : verdict
                counter
            }
            map services6 { type ipv6_addr . inet_proto . inet_service : verdict
                counter
            }
            chain prerouting {
                type nat hook prerouting priority {{Priority}}; policy accept;
                ip daddr . meta l4proto . th dport vmap @services
                ip6 daddr . meta l4proto . th dport vmap @services6
            }
            chain output {
                type nat hook output priority {{Priority}}; policy accept;
                ip daddr . meta l4proto . th dport vmap @services
                ip6 daddr . meta l4proto . th dport vmap @services6
            }
            chain postrouting {
                type nat hook postrouting priority srcnat; policy accept;
                ct status dnat ct original ip daddr @vips ip daddr != @local-backends masquerade
                ct status dnat ct original ip daddr @vips ip saddr @local-backends masquerade
                ct status dnat ct original ip6 daddr @vips6 ip6 daddr != @local-backends6 masquerade
                ct status dnat ct original ip6 daddr @vips6 ip6 saddr @local-backends6 masquerade
            }
            chain refuse {
                meta l4proto tcp ct state invalid drop
                meta l4proto { icmp, ipv6-icmp } drop
                ip daddr . meta l4proto . th dport @holding drop
                ip6 daddr . meta l4proto . th dport @holding6 drop
                ip daddr != @held drop
                ip6 daddr != @held6 drop
                meta l4proto tcp reject with tcp reset
                reject with icmpx port-unreachable
            }
            chain refuse-incoming {
                type filter hook prerouting priority -90; policy accept;
                ct state established accept
                meta mark & 0xff000000 == 0x6e000000 accept
                ip daddr @vips goto refuse
                ip6 daddr @vips6 goto refuse
            }
            chain refuse-outgoing {
                type filter hook output priority -90; policy accept;
                ct state established accept
                meta mark & 0xff000000 == 0x6e000000 accept
                ip daddr @vips goto refuse
                ip6 daddr @vips6 goto refuse
            }
        }

        """;

    /// <summary>Commands that remove the table if it is there, and nothing else.</summary>
    public static string Remove(string table) => $"table inet {table}\ndelete table inet {table}\n";
}
