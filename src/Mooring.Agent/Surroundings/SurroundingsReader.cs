using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using Mooring.Agent.DataPlane;
using Mooring.Agent.DataPlane.Tables;
using Mooring.Core.Snapshots;
using Mooring.Core.Surroundings;
using Mooring.Linux.Netlink;
using Mooring.Linux.Nftables;

namespace Mooring.Agent.Surroundings;

/// <summary>Reads what <see cref="NodeSurvey"/> looks at, in the network namespace of the calling thread.</summary>
/// <param name="sysctlDirectory">/proc/sys/net.</param>
internal sealed partial class SurroundingsReader(string sysctlDirectory)
{
    /// <summary>Of the thread: a test reads a namespace of its own.</summary>
    private const string Routes = "/proc/thread-self/net/route";

    public ImmutableArray<LocalInterface> Interfaces()
    {
        using var monitor = NetworkInterfaceMonitor.Open();
        var defaults = DefaultRoutes();
        return
        [
            .. monitor.Snapshot().Select(link => new LocalInterface
            {
                Name = link.Name,
                Addresses = [.. link.Addresses.Select(own => new InterfaceAddress(own.Address, own.Subnet))],
                ArpIgnore = Setting(link.Name, "arp_ignore"),
                ArpAnnounce = Setting(link.Name, "arp_announce"),
                ReversePathFilter = Setting(link.Name, "rp_filter"),
                HasDefaultRoute = defaults.Contains(link.Name),
            }),
        ];
    }

    /// <summary>Tables of others with a chain that translates destinations before ours; as a rule there are none.</summary>
    public static ImmutableArray<ForeignRules> EarlierRules()
    {
        using var nftables = new NftablesContext();
        var found = ImmutableArray.CreateBuilder<ForeignRules>();
        var table = "";
        var chain = "";
        foreach (var line in nftables.List("list chains").Split('\n', StringSplitOptions.TrimEntries))
        {
            if (TableLine().Match(line) is { Success: true } inTable)
            {
                table = inTable.Groups[1].Value;
            }
            else if (ChainLine().Match(line) is { Success: true } inChain)
            {
                chain = inChain.Groups[1].Value;
            }
            else if (HookLine().Match(line) is { Success: true } hook
                && int.Parse(hook.Groups[1].Value, CultureInfo.InvariantCulture) is var priority and < TableSchema.Priority)
            {
                found.Add(new ForeignRules(table, chain, priority, nftables.ListJson($"list table {table}")));
            }
        }

        return found.ToImmutable();
    }

    /// <summary>The kernel takes the larger of the two (Documentation/networking/ip-sysctl.rst).</summary>
    private int Setting(string name, string setting) => Math.Max(Read("all", setting), Read(name, setting));

    private int Read(string name, string setting)
    {
        try
        {
            return int.TryParse(
                File.ReadAllText(Path.Combine(sysctlDirectory, "ipv4/conf", name, setting)), CultureInfo.InvariantCulture, out var value)
                ? value
                : 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The interface went away meanwhile.
            return 0;
        }
    }

    private static HashSet<string> DefaultRoutes() =>
    [
        .. File.ReadLines(Routes).Skip(1)
            .Select(line => line.Split('\t', StringSplitOptions.TrimEntries))
            .Where(fields => fields.Length > 7 && fields[1] == "00000000" && fields[7] == "00000000")
            .Select(fields => fields[0]),
    ];

    [GeneratedRegex(@"^table (\S+ \S+) \{$")]
    private static partial Regex TableLine();

    [GeneratedRegex(@"^chain (\S+) \{$")]
    private static partial Regex ChainLine();

    [GeneratedRegex(@"^type nat hook (?:prerouting|output) priority (-?\d+);")]
    private static partial Regex HookLine();
}
