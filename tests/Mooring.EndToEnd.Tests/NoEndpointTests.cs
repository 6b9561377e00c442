namespace Mooring.EndToEnd.Tests;

/// <summary>Every pod of a pool fails its check: what clients meet meanwhile, and when the first one is back.</summary>
public sealed class NoEndpointTests(SandboxCluster cluster) : SandboxTest(cluster)
{
    /// <summary>By counting successes an endpoint would be back after five minutes, longer than anyone here waits.</summary>
    private const string SlowToTrust = """{"spec": {"healthCheck": {"healthyThreshold": 100, "interval": "3s"}}}""";

    private static readonly string[] Pods = [.. Enumerable.Range(1, 6).Select(number => $"web-{number}")];

    public override async ValueTask DisposeAsync()
    {
        if (Cluster.Missing is null)
        {
            await HealAsync(Pods);
            await Cluster.KubectlAsync("apply", "-f", SandboxCluster.Manifest("web.yaml"));
            await PatchAsync("""{"spec": {"withoutEndpoints": null}}""");
        }

        await base.DisposeAsync();
    }

    [Fact]
    public async Task EveryPod_Fails_ConnectionsAreRefusedAtOnceAndTheFirstOneIsBackAfterOneCheck()
    {
        await PatchAsync(SlowToTrust);
        await FailAllAsync();

        (await CurlAsync("120")).ExitCode.ShouldBe(7, "refused, and not given up after the client's 120 s");

        await FirstIsBackAsync();
    }

    [Fact]
    public async Task EveryPod_FailsWithHold_ClientsThatWaitAreServedByTheFirstOneBackAfterOneCheck()
    {
        await PatchAsync(SlowToTrust);
        await PatchAsync("""{"spec": {"withoutEndpoints": "Hold"}}""");
        await FailAllAsync();
        await SandboxCluster.UntilAsync("connections are held", async () => (await CurlAsync("0.5")).ExitCode == 28);

        var waiting = CurlAsync("120");
        await HealAsync("web-3");

        var (exitCode, answer) = await waiting;
        exitCode.ShouldBe(0);
        answer.ShouldContain("web-3");
    }

    private async Task FailAllAsync()
    {
        foreach (var pod in Pods)
        {
            await Cluster.SandboxAsync("pod", "fail", pod);
        }

        await BackendsAsync("0/6");
    }

    /// <summary>With no other endpoint one success is enough.</summary>
    private async Task FirstIsBackAsync()
    {
        await HealAsync("web-3");
        await BackendsAsync("1/6");
        var answers = await Cluster.ProbeAsync("1s");
        answers.Failures.ShouldBe(0);
        answers.Pods.Keys.ShouldBe(["web-3"]);
    }

    private async Task HealAsync(params string[] pods)
    {
        foreach (var pod in pods)
        {
            await Cluster.SandboxAsync("pod", "heal", pod);
        }
    }

    private Task<string> PatchAsync(string patch) => Cluster.KubectlAsync("patch", "bp", "web", "--type=merge", "-p", patch);

    private async Task<(int ExitCode, string Answer)> CurlAsync(string maxSeconds)
    {
        using var curl = Cluster.StartIn("client", "curl", "-s", "--max-time", maxSeconds, $"http://{SandboxCluster.Vip}/");
        var answer = await curl.StandardOutput.ReadToEndAsync();
        await curl.WaitForExitAsync();
        return (curl.ExitCode, answer);
    }

    private Task BackendsAsync(string ready) => SandboxCluster.UntilAsync($"{ready} backends", async () =>
    {
        using var vip = await Cluster.VipAsync();
        return vip.RootElement.GetProperty("status").GetProperty("readyBackends").GetString() == ready;
    });
}
