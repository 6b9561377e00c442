namespace Mooring.Agent.DataPlane.Tables;

/// <summary>
/// The fixed part of the table of source ranges: it drops packets for services with ranges that come from elsewhere, before anything
/// else sees them: on the holder and on the node that serves, in every mode.
/// </summary>
internal static class SourceRangeSchema
{
    /// <summary>Written into the table's comment; a table with another one is made anew.</summary>
    public const string Version = "mooring sources 1";

    public static readonly string[] Chains = ["prerouting", "output"];

    private const string Rules =
        """
        ip daddr . meta l4proto . th dport @restricted ip daddr . meta l4proto . th dport . ip saddr != @allowed drop
        ip6 daddr . meta l4proto . th dport @restricted6 ip6 daddr . meta l4proto . th dport . ip6 saddr != @allowed6 drop
        """;

    /// <param name="table">Name of our main table.</param>
    public static string NameOf(string table) => $"{table}-sources";

    /// <summary>Commands that remove it, there or not.</summary>
    /// <param name="table">Name of our main table.</param>
    public static string Remove(string table) => $"add table inet {NameOf(table)}\ndelete table inet {NameOf(table)}\n";

    /// <summary>Commands that make it without chains: it does nothing until <see cref="AddChains"/>.</summary>
    /// <param name="table">Name of our main table.</param>
    public static string Create(string table) =>
        $$"""
        table inet {{NameOf(table)}} {
            comment "{{Version}}"
            set restricted { type ipv4_addr . inet_proto . inet_service
            }
            set restricted6 { type ipv6_addr . inet_proto . inet_service
            }
            set allowed { type ipv4_addr . inet_proto . inet_service . ipv4_addr
                flags interval
            }
            set allowed6 { type ipv6_addr . inet_proto . inet_service . ipv6_addr
                flags interval
            }
        }

        """;

    /// <summary>Commands that have packets meet the sets.</summary>
    /// <param name="table">Name of our main table.</param>
    public static string AddChains(string table) =>
        $$"""
        table inet {{NameOf(table)}} {
            chain prerouting {
                type filter hook prerouting priority -310; policy accept;
                {{Rules}}
            }
            chain output {
                type filter hook output priority -310; policy accept;
                {{Rules}}
            }
        }

        """;
}
