namespace Mooring.EndToEnd.Tests;

/// <summary>What a Deployment does to its pods when its template changes: new ones first, then old ones terminate.</summary>
[Collection("cluster")]
public sealed class RollingUpdateTests(SandboxCluster shared)
{
    private const int PodsPerNode = 5;
    private const int MaxSurge = 3;
    private const string Grace = "8";

    [Fact]
    public async Task RollingUpdate_TenPodsUnder500RequestsPerSecond_LosesNone()
    {
        Assert.SkipWhen(shared.Missing is not null, shared.Missing ?? "");
        var cluster = await SandboxCluster.StartAsync("r", "--nodes", "2", "--pods", $"{PodsPerNode}");
        await using var _ = cluster;
        string[] old = [.. Enumerable.Range(1, 2 * PodsPerNode).Select(number => $"web-{number}")];
        await ReadyAsync(cluster, 10);

        var traffic = await cluster.ProbeDuringAsync(
            async () =>
            {
                foreach (var wave in old.Index().Chunk(MaxSurge))
                {
                    await Task.WhenAll(wave.Select(pod =>
                        cluster.SandboxAsync("pod", "add", $"new-{pod.Index}", $"node-{1 + (pod.Index % 2)}")));
                    await ReadyAsync(cluster, 10 + wave.Length);
                    await Task.WhenAll(wave.Select(pod => cluster.SandboxAsync("pod", "remove", pod.Item, "--grace", Grace)));
                    await ReadyAsync(cluster, 10);
                }
            },
            interval: "2ms",
            timeout: "20s");

        traffic.Failures.ShouldBe(0, traffic.Words);
        traffic.Pods.Keys.Count(pod => pod.StartsWith("new-", StringComparison.Ordinal)).ShouldBe(10, "every new pod served");
        traffic.Requests.ShouldBeGreaterThan(5_000);
    }

    private static Task ReadyAsync(SandboxCluster cluster, int count) => SandboxCluster.UntilAsync($"{count} pods are ready", async () =>
    {
        using var vip = await cluster.VipAsync();
        return vip.RootElement.GetProperty("status").GetProperty("readyBackends").GetString() == $"{count}/{count}";
    });
}
