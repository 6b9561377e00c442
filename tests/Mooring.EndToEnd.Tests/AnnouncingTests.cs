namespace Mooring.EndToEnd.Tests;

public sealed class AnnouncingTests(SandboxCluster cluster) : SandboxTest(cluster)
{
    [Fact]
    public async Task Client_ResolvesFromTheWire_FindsTheHolderOnly()
    {
        await Cluster.InAsync("client", "ip", "neigh", "flush", "all");
        using var capture = await CaptureAsync();

        await Cluster.InAsync("client", "ping", "-c1", "-W30", SandboxCluster.Vip);

        var mac = await Cluster.MacOfAsync(await Cluster.HolderAsync());
        (await Cluster.InAsync("client", "ip", "neigh", "show", SandboxCluster.Vip)).ShouldContain(mac);
        var replies = (await capture.StopAsync()).Select(line => line.Text).ToArray();
        replies.Where(line => line.Contains("Reply", StringComparison.Ordinal)).ShouldNotBeEmpty();
        replies.Where(line => line.Contains("Reply", StringComparison.Ordinal))
            .ShouldAllBe(line => line.Contains($"is-at {mac}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Takeover_OnTheWire_IsAnnouncedInBothFormsByTheNewHolderAlone()
    {
        var before = await Cluster.HolderAsync();
        using var capture = await CaptureAsync();

        await Cluster.SandboxAsync("node", "kill", before);
        try
        {
            await SandboxCluster.UntilAsync($"another holder than {before}", async () => await Cluster.HolderAsync() is var now && now != before && now.Length > 0);
            var mac = await Cluster.MacOfAsync(await Cluster.HolderAsync());

            // The burst goes on for two seconds; both forms are in its first pair.
            await SandboxCluster.UntilAsync("both forms of gratuitous ARP", () => Task.FromResult(
                capture.Lines.Any(line => IsRequest(line.Text, mac)) && capture.Lines.Any(line => IsReply(line.Text, mac))));

            // The one before may have announced while it lived, as it does every minute.
            (await capture.StopAsync()).Select(line => line.Text).SkipWhile(line => !IsRequest(line, mac))
                .Where(line => IsRequest(line, "") && !IsRequest(line, mac)).ShouldBeEmpty();
        }
        finally
        {
            await Cluster.SandboxAsync("node", "heal", before);
        }

        static bool IsRequest(string line, string mac) =>
            line.StartsWith(mac, StringComparison.Ordinal)
            && line.Contains(" > ff:ff:ff:ff:ff:ff", StringComparison.Ordinal)
            && line.Contains($"Request who-has {SandboxCluster.Vip} tell {SandboxCluster.Vip}", StringComparison.Ordinal);
        static bool IsReply(string line, string mac) =>
            line.StartsWith($"{mac} > ff:ff:ff:ff:ff:ff", StringComparison.Ordinal)
            && line.Contains($"Reply {SandboxCluster.Vip} is-at {mac}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Holder_Thawed_NeverAnswersForWhatAnotherHolds()
    {
        var before = await Cluster.HolderAsync();
        await Cluster.SandboxAsync("node", "freeze", before);
        await SandboxCluster.UntilAsync($"another holder than {before}", async () => await Cluster.HolderAsync() is var now && now != before && now.Length > 0);
        var mac = await Cluster.MacOfAsync(await Cluster.HolderAsync());
        using var capture = await CaptureAsync();

        await Cluster.SandboxAsync("node", "thaw", before);
        await Cluster.HealthyAsync();
        for (var i = 0; i < 5; i++)
        {
            await Cluster.InAsync("client", "ip", "neigh", "flush", "all");
            await Cluster.InAsync("client", "ping", "-c1", "-W30", SandboxCluster.Vip);
        }

        var said = (await capture.StopAsync()).Select(line => line.Text).Where(line =>
            line.Contains($"Reply {SandboxCluster.Vip} ", StringComparison.Ordinal)
            || line.Contains($"tell {SandboxCluster.Vip},", StringComparison.Ordinal));
        said.ShouldNotBeEmpty();
        said.ShouldAllBe(line => line.StartsWith(mac, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Address_OfAnyNode_IsBoundToNoInterface()
    {
        foreach (var node in (string[])["node-1", "node-2", "node-3"])
        {
            (await Cluster.InAsync(node, "ip", "-o", "address")).ShouldNotContain(SandboxCluster.Vip);
        }
    }

    private Task<WireCapture> CaptureAsync() =>
        WireCapture.StartAsync(Cluster, "client", "eth0", $"arp and host {SandboxCluster.Vip}");
}
