using System.Collections.Immutable;
using System.Text;
using Mooring.Agent.DataPlane.Plans;
using Mooring.Core.DataPlane;
using Mooring.Linux.Nftables;

namespace Mooring.Agent.DataPlane.Tables;

/// <summary>
/// Drops packets for services with source ranges that come from elsewhere, before anything else sees them: on the holder and on the
/// node that serves, in every mode. A table of its own, replaced whole in one transaction: few services have ranges, and they
/// change rarely. It is there only while some service has.
/// </summary>
internal sealed class SourceRangeTable(string table)
{
    /// <summary>Nothing was programmed or looked for yet.</summary>
    private const string Unknown = "?";

    private string _text = Unknown;
    private string _listing = "";
    private ForwardedService[] _restricted = [];

    /// <summary>What it was made for last.</summary>
    private ImmutableArray<ForwardedService> _services = [];

    public static string NameOf(string table) => $"{table}-sources";

    /// <summary>Commands that remove it, there or not.</summary>
    public static string Remove(string table) => $"add table inet {NameOf(table)}\ndelete table inet {NameOf(table)}\n";

    /// <summary>The table for the services; empty when none has ranges.</summary>
    public static string Text(string table, IEnumerable<ForwardedService> services)
    {
        var (restricted, allowed) = (new StringBuilder[2], new StringBuilder[2]);
        var any = false;
        foreach (var service in services)
        {
            if (service.SourceRanges is not { } ranges)
            {
                continue;
            }

            any = true;
            var family = service.Address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 0 : 1;
            var key = TablePlanner.Key(service);
            (restricted[family] ??= new StringBuilder()).Append(restricted[family].Length == 0 ? "" : ", ").Append(key);
            foreach (var range in ranges)
            {
                (allowed[family] ??= new StringBuilder()).Append(allowed[family].Length == 0 ? "" : ", ").Append(key).Append(" . ").Append(range);
            }
        }

        return !any
            ? ""
            : $$"""
                table inet {{NameOf(table)}} {
                    set restricted { type ipv4_addr . inet_proto . inet_service
                        {{Elements(restricted[0])}}
                    }
                    set restricted6 { type ipv6_addr . inet_proto . inet_service
                        {{Elements(restricted[1])}}
                    }
                    set allowed { type ipv4_addr . inet_proto . inet_service . ipv4_addr
                        flags interval
                        {{Elements(allowed[0])}}
                    }
                    set allowed6 { type ipv6_addr . inet_proto . inet_service . ipv6_addr
                        flags interval
                        {{Elements(allowed[1])}}
                    }
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

    /// <summary>
    /// To be called before the services change: those that are about to go keep their ranges until <see cref="Ensure"/>, after
    /// it, so that nobody is let through in between.
    /// </summary>
    /// <exception cref="NftablesException">Nothing was changed.</exception>
    public void EnsureBefore(ImmutableArray<ForwardedService> services)
    {
        if (IsFor(services))
        {
            return;
        }

        var keys = _restricted.Length == 0 ? [] : services.Select(TablePlanner.Key).ToHashSet(StringComparer.Ordinal);
        Put([.. services, .. _restricted.Where(service => !keys.Contains(TablePlanner.Key(service)))]);
    }

    /// <exception cref="NftablesException">Nothing was changed.</exception>
    public void Ensure(ImmutableArray<ForwardedService> services)
    {
        if (!IsFor(services))
        {
            Put(services);
        }

        _services = services;
    }

    /// <summary>True when another program changed it; the next <see cref="Ensure"/> repairs it.</summary>
    public bool Drifted()
    {
        if (_text is Unknown or "")
        {
            return false;
        }

        using var nftables = new NftablesContext();
        try
        {
            if (List(nftables) == _listing)
            {
                return false;
            }
        }
        catch (NftablesException)
        {
            // It is gone.
        }

        _text = Unknown;
        return true;
    }

    /// <summary>The table is right for these services, as no ranges changed.</summary>
    private bool IsFor(ImmutableArray<ForwardedService> services)
    {
        if (_text == Unknown)
        {
            return false;
        }

        var changes = ServiceChanges.Between(_services, services);
        return changes.Removed.All(service => service.SourceRanges is null)
            && changes.Added.All(change => change.Before?.SourceRanges is { } before && change.Now.SourceRanges is { } now
                ? before.SequenceEqual(now)
                : change.Before?.SourceRanges is null && change.Now.SourceRanges is null);
    }

    private void Put(IReadOnlyCollection<ForwardedService> services)
    {
        var text = Text(table, services);
        if (text == _text)
        {
            return;
        }

        using var nftables = new NftablesContext();
        nftables.Run(Remove(table) + text);
        _text = text;
        _restricted = [.. services.Where(service => service.SourceRanges is not null)];
        _listing = text.Length == 0 ? "" : List(nftables);
    }

    private const string Rules =
        """
        ip daddr . meta l4proto . th dport @restricted ip daddr . meta l4proto . th dport . ip saddr != @allowed drop
        ip6 daddr . meta l4proto . th dport @restricted6 ip6 daddr . meta l4proto . th dport . ip6 saddr != @allowed6 drop
        """;

    private static string Elements(StringBuilder? elements) => elements is null ? "" : $"elements = {{ {elements} }}";

    private string List(NftablesContext nftables) => nftables.ListJson($"list table inet {NameOf(table)}");
}
