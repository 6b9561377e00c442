namespace Mooring.EndToEnd.Tests;

/// <summary>An endpoint that is back gets a growing part of the connections.</summary>
public sealed class SlowStartTests(SandboxCluster cluster) : SandboxTest(cluster)
{
    private const string Pod = "web-2";

    public override async ValueTask DisposeAsync()
    {
        if (Cluster.Missing is null)
        {
            await Cluster.SandboxAsync("pod", "heal", Pod);
            await PatchAsync("""{"spec": {"slowStart": null}}""");
        }

        await base.DisposeAsync();
    }

    [Fact]
    public async Task Pod_Recovers_GetsATenthAtFirstAndItsWholeShareInTheEnd()
    {
        // Each tenth lasts for minutes: what is measured does not change meanwhile.
        await PatchAsync("""{"spec": {"slowStart": "1h"}}""");
        await Cluster.SandboxAsync("pod", "fail", Pod);
        await BackendsAsync("5/6");
        await Cluster.SandboxAsync("pod", "heal", Pod);
        await BackendsAsync("6/6");
        await SandboxCluster.UntilAsync("the status tells of the slow start", async () =>
            (await Cluster.KubectlAsync("get", "bp", "web", "-o", "yaml")).Contains("slow start", StringComparison.Ordinal));

        (await ShareAsync("3s")).ShouldBeLessThan(0.4, "a tenth of what another pod gets");

        await PatchAsync("""{"spec": {"slowStart": "1s"}}""");
        await SandboxCluster.UntilAsync("as many as another pod", async () => await ShareAsync("1s") > 0.6);
    }

    /// <summary>Connections of the pod, as a share of what each of the others got.</summary>
    private async Task<double> ShareAsync(string duration)
    {
        var answers = await Cluster.ProbeAsync(duration);
        answers.Failures.ShouldBe(0, answers.Words);
        return answers.Pods.GetValueOrDefault(Pod) / answers.Pods.Where(pod => pod.Key != Pod).Average(pod => pod.Value);
    }

    private Task<string> PatchAsync(string patch) => Cluster.KubectlAsync("patch", "bp", "web", "--type=merge", "-p", patch);

    private Task BackendsAsync(string ready) => SandboxCluster.UntilAsync($"{ready} backends", async () =>
    {
        using var vip = await Cluster.VipAsync();
        return vip.RootElement.GetProperty("status").GetProperty("readyBackends").GetString() == ready;
    });
}
