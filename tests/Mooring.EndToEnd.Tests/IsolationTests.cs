namespace Mooring.EndToEnd.Tests;

public sealed class IsolationTests(SandboxCluster cluster) : SandboxTest(cluster)
{
    [Fact]
    public async Task Holder_CutOffFromItsGatewayToo_FallsSilentOnItsSideOfTheCut()
    {
        // Without the controller the gateway is all that is left to tell the holder that it is cut off.
        var holder = await Cluster.HolderAsync();
        await Cluster.SandboxAsync("controller", "kill");
        try
        {
            await SandboxCluster.UntilAsync("it answers while it is whole", () => AnswersOnItsPortAsync(holder, null));

            await Cluster.SandboxAsync("node", "cut", "--silent", holder);

            // The switch's end of the cable is the only place from which the node can still be asked.
            await SandboxCluster.UntilAsync("the node that is cut off is silent", async () =>
                !await AnswersOnItsPortAsync(holder, holder));
            await SandboxCluster.UntilAsync("another node serves", async () => (await Cluster.ProbeAsync("500ms")).Failures == 0);
            (await AnswersOnItsPortAsync(holder, holder)).ShouldBeFalse();
        }
        finally
        {
            await Cluster.SandboxAsync("node", "heal", holder);
            await Cluster.SandboxAsync("controller", "start");
        }

        await SandboxCluster.UntilAsync("the controller reports another holder", async () =>
            await Cluster.HolderAsync() is { Length: > 0 } now && now != holder);
    }

    /// <param name="node">Who is meant, by its MAC address.</param>
    /// <param name="port">Asks on the switch's port of this node alone; null: on the segment.</param>
    private async Task<bool> AnswersOnItsPortAsync(string node, string? port)
    {
        var device = port ?? "br0";
        using var capture = await WireCapture.StartAsync(Cluster, "switch", device, "arp");
        try
        {
            // Not from the gateway's address, which the node would take for the gateway.
            await Cluster.InAsync("switch", "arping", "-c3", "-w2", "-S", "10.70.0.222", "-i", device, SandboxCluster.Vip);
        }
        catch (InvalidOperationException)
        {
            // Nobody answered.
        }

        var mac = await Cluster.MacOfAsync(node);
        return (await capture.StopAsync()).Any(line => line.Mac == mac && line.SpeaksFor(SandboxCluster.Vip));
    }
}
