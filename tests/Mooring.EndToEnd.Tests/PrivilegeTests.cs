using System.Globalization;
using System.Text.RegularExpressions;

namespace Mooring.EndToEnd.Tests;

/// <summary>The agents of these tests may do what the chart lets them do, and nothing else.</summary>
public sealed class PrivilegeTests(SandboxCluster cluster) : SandboxTest(cluster)
{
    /// <summary>linux/capability.h.</summary>
    private static readonly Dictionary<string, int> Numbers = new(StringComparer.Ordinal)
    {
        ["NET_ADMIN"] = 12,
        ["NET_RAW"] = 13,
        ["SYS_NICE"] = 23,
    };

    [Fact]
    public async Task Agent_Running_HasExactlyTheCapabilitiesOfTheChart()
    {
        var chart = await File.ReadAllTextAsync(
            SandboxCluster.Manifest("../../helm/mooring/templates/agent.yaml"),
            TestContext.Current.CancellationToken);
        var added = Regex.Match(chart, @"capabilities: \{drop: \[ALL\], add: \[([A-Z_, ]+)\]\}").Groups[1].Value;
        var expected = added.Split(", ").Aggregate(0L, (mask, name) => mask | (1L << Numbers[name]));

        foreach (var node in (string[])["node-1", "node-2", "node-3"])
        {
            var status = await File.ReadAllTextAsync(
                $"/proc/{await Cluster.AgentOfAsync(node)}/status", TestContext.Current.CancellationToken);

            Capabilities(status, "CapEff").ShouldBe(expected, node);
            Capabilities(status, "CapBnd").ShouldBe(expected, node);
            status.ShouldContain("NoNewPrivs:\t1");
        }

        (await Cluster.ProbeAsync("500ms")).Failures.ShouldBe(0);
    }

    private static long Capabilities(string status, string set) =>
        long.Parse(Regex.Match(status, $@"{set}:\s*([0-9a-f]+)").Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
