using System.Globalization;

namespace Mooring.EndToEnd.Tests;

/// <summary>
/// Heartbeats between two sides are blocked while both live and stay on one segment: each side gets a holder. When
/// heartbeats pass again one of them stops, by term.
/// </summary>
[Collection("cluster")]
public sealed class SplitTests
{
    private const string Vip = SandboxCluster.Vip;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public async Task Split_Heals_OneHolderWithinASecondByTermAndTheConflictIsTold(int nodes)
    {
        await using var cluster = await SandboxCluster.StartAsync("s", "--nodes", $"{nodes}", "--pods", "1");
        Assert.SkipWhen(cluster.Missing is not null, cluster.Missing ?? "");
        await SandboxCluster.UntilAsync("all standbys are there", async () =>
        {
            using var vip = await cluster.VipAsync();
            return vip.RootElement.GetProperty("status").GetProperty("candidates").EnumerateArray()
                .Count(one => one.GetProperty("eligible").GetBoolean()) == nodes;
        });
        var before = await cluster.HolderAsync();
        var termBefore = await TermAsync(cluster);
        var macs = new Dictionary<string, string>();
        for (var i = 1; i <= nodes; i++)
        {
            macs[await cluster.MacOfAsync($"node-{i}")] = $"node-{i}";
        }

        using var capture = await WireCapture.StartAsync(cluster, "switch", "br0", "arp");
        using var questions = new Questioner(cluster, Vip);
        await BlockAsync(cluster, nodes, before);
        var blocked = TimeProvider.System.GetUtcNow();
        await SandboxCluster.UntilAsync("two nodes answer", () => Task.FromResult(SpeakersSince(blocked).Count >= 2));
        await SandboxCluster.UntilAsync("the conflict is in the status", async () =>
            (await ConditionAsync(cluster, "Uncontested")) == "False");
        await SandboxCluster.UntilAsync("the conflict is an Event", async () =>
            (await cluster.KubectlAsync("get", "events")).Contains("AddressConflict", StringComparison.Ordinal));
        var splitFor = TimeProvider.System.GetUtcNow();
        await SandboxCluster.UntilAsync("both still answer", () => Task.FromResult(SpeakersSince(splitFor).Count >= 2));

        var healed = await HealAsync(cluster, nodes);
        await SandboxCluster.UntilAsync("the status has one holder again", async () =>
            (await ConditionAsync(cluster, "Uncontested")) == "True");
        var settled = TimeProvider.System.GetUtcNow();
        await SandboxCluster.UntilAsync("answers go on", () => Task.FromResult(
            capture.Lines.Count(line => line.At > settled && line.SpeaksFor(Vip)) > 20));
        var lines = await capture.StopAsync();

        var winner = await cluster.HolderAsync();
        var lost = lines.Where(line => line.SpeaksFor(Vip) && macs[line.Mac] != winner).ToArray();
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{nodes} nodes: {before} and {winner} answered; {macs[lost[^1].Mac]} stopped {(lost[^1].At - healed).TotalMilliseconds:0} ms after the segment was whole"));
        (lost[^1].At - healed).ShouldBeLessThan(Limit);
        (await TermAsync(cluster)).ShouldBeGreaterThan(termBefore, "the claim made in the split wins");
        (await ConditionAsync(cluster, "Ready")).ShouldBe("True");

        IReadOnlyList<string> SpeakersSince(DateTimeOffset from) =>
            [.. capture.Lines.Where(line => line.At > from && line.SpeaksFor(Vip)).Select(line => line.Mac).Distinct()];
    }

    /// <summary>The holder, with one more where there are five, on one side; the others on the other.</summary>
    private static async Task BlockAsync(SandboxCluster cluster, int nodes, string holder)
    {
        string[] all = [.. Enumerable.Range(1, nodes).Select(i => $"node-{i}")];
        string[] side = [holder, .. all.Where(node => node != holder).Take(nodes >= 5 ? 1 : 0)];
        foreach (var node in all)
        {
            var mine = side.Contains(node);
            var others = all.Where(other => side.Contains(other) != mine).Select(other => other["node-".Length..]).ToArray();
            await NftAsync(cluster, node,
                "add table inet split",
                "add chain inet split in { type filter hook input priority -300; }",
                $"add rule inet split in udp dport 7947 ip saddr {{ {string.Join(", ", others.Select(i => $"10.70.0.1{i}"))} }} drop",
                $"add rule inet split in udp dport 7947 ip6 saddr {{ {string.Join(", ", others.Select(i => $"fd00:70::1{i}"))} }} drop");
        }
    }

    /// <returns>When the last rule was gone.</returns>
    private static async Task<DateTimeOffset> HealAsync(SandboxCluster cluster, int nodes)
    {
        for (var i = 1; i <= nodes; i++)
        {
            await NftAsync(cluster, $"node-{i}", "delete table inet split");
        }

        return TimeProvider.System.GetUtcNow();
    }

    private static async Task NftAsync(SandboxCluster cluster, string node, params string[] commands)
    {
        foreach (var command in commands)
        {
            await cluster.InAsync(node, "nft", command);
        }
    }

    private static async Task<int> TermAsync(SandboxCluster cluster)
    {
        using var vip = await cluster.VipAsync();
        return vip.RootElement.GetProperty("status").GetProperty("term").GetInt32();
    }

    private static async Task<string> ConditionAsync(SandboxCluster cluster, string type)
    {
        using var vip = await cluster.VipAsync();
        return vip.RootElement.GetProperty("status").GetProperty("conditions").EnumerateArray()
            .First(one => one.GetProperty("type").GetString() == type).GetProperty("status").GetString()!;
    }
}
