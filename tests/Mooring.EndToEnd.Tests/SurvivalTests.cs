using System.Text.Json;

namespace Mooring.EndToEnd.Tests;

/// <summary>Long-lived connections with data flowing, in Direct mode: whatever happens to the holder, none is lost.</summary>
public sealed class SurvivalTests(SandboxCluster cluster) : SandboxTest(cluster)
{
    private const string Target = "10.70.0.101:9000";
    private const int Connections = 100;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await Cluster.KubectlAsync("apply", "-f", SandboxCluster.Manifest("stream.yaml"));
        await SandboxCluster.UntilAsync("stream is held and forwarded directly", async () =>
        {
            using var vip = await Cluster.VipAsync("stream");
            return vip.RootElement.TryGetProperty("status", out var status)
                && status.TryGetProperty("holder", out _)
                && status.GetProperty("readyBackends").GetString() == "6/6"
                && status.GetProperty("forwarding").GetProperty("mode").GetString() == "Direct";
        });
    }

    public override async ValueTask DisposeAsync()
    {
        if (Cluster.Missing is null)
        {
            await Cluster.KubectlAsync("delete", "-f", SandboxCluster.Manifest("stream.yaml"));
        }
    }

    [Theory]
    [InlineData("kill", false)]
    [InlineData("kill", true)]
    [InlineData("drain", false)]
    [InlineData("drain", true)]
    [InlineData("cut", true)]
    public async Task Holder_LostWithConnectionsOpen_EveryOneLives(string how, bool poolChanges)
    {
        var holder = "";
        await SandboxCluster.UntilAsync("a holder in the status", async () => (holder = await HolderAsync()).Length > 0);
        var others = ((string[])["node-1", "node-2", "node-3"]).Where(node => node != holder).ToArray();
        var hold = Cluster.StartIn(
            "client", "dotnet", SandboxCluster.Program, "hold", "--target", Target, "--connections", $"{Connections}", "--duration", "8s", "--json");
        (await hold.StandardError.ReadLineAsync()).ShouldBe("open");
        try
        {
            await Cluster.SandboxAsync("node", how, holder);
            if (poolChanges)
            {
                await Cluster.SandboxAsync("pod", "add", "extra", others[0]);
            }

            await SandboxCluster.UntilAsync("another holder", async () => await HolderAsync() is { Length: > 0 } now && now != holder);
            if (poolChanges)
            {
                await Cluster.SandboxAsync("pod", "remove", "extra");
            }
        }
        finally
        {
            await Cluster.SandboxAsync("node", how == "drain" ? "undrain" : "heal", holder);
        }

        using var report = JsonDocument.Parse(await hold.StandardOutput.ReadToEndAsync());
        await Cluster.HealthyAsync();
        var root = report.RootElement;
        var survivors = root.GetProperty("alive").GetInt32();
        root.GetProperty("opened").GetInt32().ShouldBe(Connections);
        root.GetProperty("pods").EnumerateObject().Count().ShouldBe(6, "every pod has some");
        root.GetProperty("clients").EnumerateObject().Select(one => one.Name).ShouldBe(["10.70.0.200"], "pods see the client");
        survivors.ShouldBe(Connections, root.GetRawText());
    }

    [Fact]
    public async Task Agent_OfAPodsNodeAwayForLong_ItsKernelServesOn()
    {
        var holder = "";
        await SandboxCluster.UntilAsync("a holder in the status", async () => (holder = await HolderAsync()).Length > 0);
        var other = holder == "node-1" ? "node-2" : "node-1";
        var hold = Cluster.StartIn(
            "client", "dotnet", SandboxCluster.Program, "hold", "--target", Target, "--connections", $"{Connections}", "--duration", "18s", "--json");
        (await hold.StandardError.ReadLineAsync()).ShouldBe("open");
        await Cluster.SandboxAsync("node", "kill", other);
        try
        {
            await SandboxCluster.UntilAsync("its agent is given up", async () =>
            {
                using var vip = await Cluster.VipAsync("stream");
                return vip.RootElement.GetProperty("status").GetProperty("candidates").EnumerateArray().Any(
                    one => one.GetProperty("node").GetString() == other && one.GetProperty("reason").GetString() == "AgentNotConnected");
            });
            using var report = JsonDocument.Parse(await hold.StandardOutput.ReadToEndAsync());
            report.RootElement.GetProperty("alive").GetInt32().ShouldBe(Connections, report.RootElement.GetRawText());
        }
        finally
        {
            await Cluster.SandboxAsync("node", "heal", other);
        }

        await Cluster.HealthyAsync();
    }

    private async Task<string> HolderAsync()
    {
        using var vip = await Cluster.VipAsync("stream");
        return vip.RootElement.GetProperty("status").TryGetProperty("holder", out var holder) ? holder.GetString()! : "";
    }
}
