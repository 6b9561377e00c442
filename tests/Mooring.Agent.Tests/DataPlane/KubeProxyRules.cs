namespace Mooring.Agent.Tests.DataPlane;

/// <summary>
/// What kube-proxy has on every node for a Service whose status names our VIP: it translates packets for the VIP by itself, to any
/// endpoint, and masquerades them.
/// </summary>
internal static class KubeProxyRules
{
    /// <summary>As in its nftables mode.</summary>
    public static string Nftables(string vip, string endpoint) =>
        $$"""
        table ip kube-proxy {
            map service-ips { type ipv4_addr . inet_proto . inet_service : verdict
                elements = { {{vip}} . tcp . 80 : goto external-web }
            }
            chain nat-prerouting {
                type nat hook prerouting priority dstnat; policy accept;
                jump services
            }
            chain nat-output {
                type nat hook output priority -100; policy accept;
                jump services
            }
            chain nat-postrouting {
                type nat hook postrouting priority srcnat; policy accept;
                jump masquerading
            }
            chain services {
                ip daddr . meta l4proto . th dport vmap @service-ips
            }
            chain external-web {
                meta mark set meta mark or 0x4000
                goto endpoint-web
            }
            chain endpoint-web {
                meta l4proto tcp dnat to {{endpoint}}
            }
            chain masquerading {
                meta mark and 0x4000 == 0 return
                meta mark set meta mark xor 0x4000
                masquerade
            }
        }

        """;

    /// <summary>As iptables-nft makes them in its iptables mode.</summary>
    public static string Iptables(string vip, string endpoint) =>
        $$"""
        table ip nat {
            chain PREROUTING {
                type nat hook prerouting priority dstnat; policy accept;
                jump KUBE-SERVICES
            }
            chain OUTPUT {
                type nat hook output priority -100; policy accept;
                jump KUBE-SERVICES
            }
            chain POSTROUTING {
                type nat hook postrouting priority srcnat; policy accept;
                jump KUBE-POSTROUTING
            }
            chain KUBE-SERVICES {
                meta l4proto tcp ip daddr {{vip}} tcp dport 80 jump KUBE-EXT-WEB
            }
            chain KUBE-EXT-WEB {
                meta mark set meta mark or 0x4000
                meta l4proto tcp dnat to {{endpoint}}
            }
            chain KUBE-POSTROUTING {
                meta mark and 0x4000 != 0x4000 return
                meta mark set meta mark xor 0x4000
                masquerade
            }
        }

        """;
}
