using System.Text.Json;

namespace Mooring.EndToEnd.Tests;

/// <summary>Addresses that are moved on purpose, under 200 requests/s on new connections: none may fail.</summary>
public sealed class MoveTests(SandboxCluster cluster) : SandboxTest(cluster)
{
    [Fact]
    public async Task Drain_Holder_NothingIsLostAndItStaysAway()
    {
        var before = await Cluster.HolderAsync();
        var seen = await Cluster.ProbeDuringAsync(async () =>
        {
            await Cluster.SandboxAsync("node", "drain", before);
            await MovedAsync(before);
        });
        try
        {
            await NothingLostAsync(seen, moves: 1);
            using var vip = await Cluster.VipAsync();
            var status = vip.RootElement.GetProperty("status");
            var drained = status.GetProperty("candidates").EnumerateArray()
                .Single(node => node.GetProperty("node").GetString() == before);
            drained.GetProperty("reason").GetString().ShouldBe("Draining");
            drained.GetProperty("role").GetString().ShouldBe("None");
            status.GetProperty("lastFailover").GetProperty("reason").GetString().ShouldBe("Planned");
        }
        finally
        {
            await Cluster.SandboxAsync("node", "undrain", before);
        }

        await Cluster.HealthyAsync();
        (await Cluster.HolderAsync()).ShouldNotBe(before);
    }

    [Fact]
    public async Task Stop_HoldersAgent_HandsOverFirstAndEndsInTime()
    {
        var before = await Cluster.HolderAsync();
        var seen = await Cluster.ProbeDuringAsync(async () =>
        {
            // It fails when the agent outlives the grace period.
            await Cluster.SandboxAsync("node", "stop", before);
            await MovedAsync(before);
        });

        await Cluster.SandboxAsync("node", "start", before);
        await Cluster.HealthyAsync();

        await NothingLostAsync(seen, moves: 1);
        (await Cluster.HolderAsync()).ShouldNotBe(before, "the agent that is back takes nothing");
    }

    [Fact]
    public async Task RollingUpdate_AllAgents_LosesNothing()
    {
        var seen = await Cluster.ProbeDuringAsync(async () =>
        {
            foreach (var node in (string[])["node-1", "node-2", "node-3"])
            {
                await Cluster.SandboxAsync("node", "restart", node);
                await Cluster.HealthyAsync();
            }
        });

        await NothingLostAsync(seen, moves: 3);
    }

    [Fact]
    public async Task Failback_Automatic_GivesTheAddressBackWithoutLoss()
    {
        var best = await Cluster.HolderAsync();
        await Cluster.KubectlAsync("label", "node", best, "best=yes");
        await PatchAsync("""{"spec":{"failback":"Automatic","preferredNodes":[{"weight":100,"matchLabels":{"best":"yes"}}]}}""");
        try
        {
            await Cluster.SandboxAsync("node", "stop", best);
            await MovedAsync(best);
            await Cluster.SandboxAsync("node", "start", best);

            // What the node went through in tests before may have to be forgiven first.
            await SandboxCluster.UntilAsync("status says that the address will go back", TimeSpan.FromMinutes(5), async () =>
                (await ReasonOfAsync(best)) == "MoveWaiting");

            // Thirty seconds must pass in which it stays the better one.
            var seen = await Cluster.ProbeDuringAsync(() => SandboxCluster.UntilAsync(
                "the address is back", async () => await Cluster.HolderAsync() == best));

            await NothingLostAsync(seen, moves: 1);
        }
        finally
        {
            await PatchAsync("""{"spec":{"failback":"Manual","preferredNodes":null}}""");
            await Cluster.KubectlAsync("label", "node", best, "best-");
            await Cluster.HealthyAsync();
        }
    }

    [Fact]
    public async Task Failover_Measured_TellsEveryStep()
    {
        var before = await Cluster.HolderAsync();
        JsonElement phases = default;
        try
        {
            await Cluster.ProbeDuringAsync(async () =>
            {
                await Cluster.SandboxAsync("node", "kill", before);
                await SandboxCluster.UntilAsync("the first packet of another holder is told", async () =>
                {
                    using var vip = await Cluster.VipAsync();
                    var status = vip.RootElement.GetProperty("status");
                    return status.TryGetProperty("lastFailover", out var failover)
                        && failover.GetProperty("from").GetString() == before
                        && failover.Clone().TryGetProperty("phases", out phases)
                        && phases.TryGetProperty("firstPacket", out _);
                });
            });
        }
        finally
        {
            await Cluster.SandboxAsync("node", "heal", before);
        }

        var steps = ((string[])["lastHeartbeat", "detected", "claimed", "announced", "firstPacket"])
            .Select(step => phases.GetProperty(step).GetDateTime())
            .ToArray();
        steps.SequenceEqual(steps.Order()).ShouldBeTrue(phases.ToString());
        await SandboxCluster.UntilAsync("the Event tells it as well", async () =>
            (await Cluster.KubectlAsync("get", "events")).Contains("first packet after", StringComparison.Ordinal));
        await Cluster.HealthyAsync();
    }

    private async Task MovedAsync(string before) =>
        await SandboxCluster.UntilAsync($"another holder than {before}", async () =>
            await Cluster.HolderAsync() is { Length: > 0 } now && now != before);

    private async Task<string?> ReasonOfAsync(string node)
    {
        using var vip = await Cluster.VipAsync();
        return vip.RootElement.GetProperty("status").GetProperty("candidates").EnumerateArray()
            .Where(candidate => candidate.GetProperty("node").GetString() == node)
            .Select(candidate => candidate.GetProperty("reason").GetString())
            .FirstOrDefault();
    }

    private Task PatchAsync(string patch) => Cluster.KubectlAsync("patch", "vip", "web", "--type=merge", "-p", patch);
}
