using System.Text.Json;

namespace Mooring.EndToEnd.Tests;

public sealed class BackendTests(SandboxCluster cluster) : SandboxTest(cluster)
{
    [Theory]
    [InlineData("fail")]
    [InlineData("unready")]
    public async Task Pod_FailsOrIsNotReady_GetsNothingNewAndReturns(string how)
    {
        var traffic = Cluster.ProbeAsync("8s");
        await Cluster.SandboxAsync("pod", how, "web-2");
        await BackendsAsync("5/6");

        var without = await Cluster.ProbeAsync("1s");
        without.Pods.Keys.ShouldNotContain("web-2");
        without.Pods.Count.ShouldBe(5);
        without.Failures.ShouldBe(0);

        await Cluster.SandboxAsync("pod", "heal", "web-2");
        await BackendsAsync("6/6");
        (await Cluster.ProbeAsync("1s")).Pods.Keys.ShouldContain("web-2");
        (await traffic).Failures.ShouldBe(0, "no connection to any pod was lost");
    }

    [Fact]
    public async Task Pod_Removed_IsTakenOutAndAnotherIsTakenIn()
    {
        await Cluster.SandboxAsync("pod", "add", "web-9", "node-1");
        await BackendsAsync("7/7");
        (await Cluster.ProbeAsync("1s")).Pods.Keys.ShouldContain("web-9");

        await Cluster.SandboxAsync("pod", "remove", "web-9");
        await BackendsAsync("6/6");
        (await Cluster.ProbeAsync("1s")).Pods.Keys.ShouldNotContain("web-9");
    }

    [Fact]
    public async Task Udp_ThroughTheAddress_ReachesPods()
    {
        await Cluster.ApplyAsync("""
            apiVersion: mooring.dev/v1alpha1
            kind: VirtualIp
            metadata: {name: echo}
            spec:
              addresses: ["10.70.0.110"]
              ports:
                - {name: udp, port: 53, protocol: UDP, backendPool: web, targetPort: 9001}
                - {name: tcp, port: 7, protocol: TCP, backendPool: web, targetPort: 9000}
            """);
        await Cluster.KubectlAsync("wait", "--for=condition=Ready", "vip/echo", "--timeout=60s");

        (await Cluster.ProbeAsync("1s", "udp://10.70.0.110:53")).Failures.ShouldBe(0);
        (await Cluster.ProbeAsync("1s", "tcp://10.70.0.110:7")).Failures.ShouldBe(0);

        await Cluster.KubectlAsync("delete", "vip", "echo");
    }

    [Fact]
    public async Task Pod_OnTheHolder_SeesTheClientsAddress()
    {
        var holder = await Cluster.HolderAsync();
        var seen = "";

        await SandboxCluster.UntilAsync("a pod of the holder answers", async () =>
        {
            using var answer = JsonDocument.Parse(await Cluster.InAsync(
                "client", "curl", "-s", "--max-time", "5", $"http://{SandboxCluster.Vip}/"));
            if (answer.RootElement.GetProperty("node").GetString() == holder)
            {
                seen = answer.RootElement.GetProperty("client").GetString()!;
            }

            return seen.Length > 0;
        });

        seen.ShouldStartWith("10.70.0.200:");
    }

    private Task BackendsAsync(string ready) => SandboxCluster.UntilAsync($"{ready} backends", async () =>
    {
        using var vip = await Cluster.VipAsync();
        return vip.RootElement.GetProperty("status").GetProperty("readyBackends").GetString() == ready;
    });
}
