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

        await AnsweredByAsync("web-1", "web-3", "web-4", "web-5", "web-6");

        await Cluster.SandboxAsync("pod", "heal", "web-2");
        await BackendsAsync("6/6");
        await AnsweredByAsync("web-1", "web-2", "web-3", "web-4", "web-5", "web-6");
        (await traffic).Failures.ShouldBe(0, "no connection to any pod was lost");
    }

    [Fact]
    public async Task Pod_Removed_IsTakenOutAndAnotherIsTakenIn()
    {
        await Cluster.SandboxAsync("pod", "add", "web-9", "node-1");
        await BackendsAsync("7/7");
        await AnsweredByAsync("web-1", "web-2", "web-3", "web-4", "web-5", "web-6", "web-9");

        await Cluster.SandboxAsync("pod", "remove", "web-9");
        await BackendsAsync("6/6");
        await AnsweredByAsync("web-1", "web-2", "web-3", "web-4", "web-5", "web-6");
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
        try
        {
            await Cluster.KubectlAsync("wait", "--for=condition=Ready", "vip/echo", "--timeout=180s");
            foreach (var url in (string[])["udp://10.70.0.110:53", "tcp://10.70.0.110:7"])
            {
                await SandboxCluster.UntilAsync($"{url} answers every time", async () =>
                    (await Cluster.ProbeAsync("1s", url)).Failures == 0);
            }
        }
        finally
        {
            await Cluster.KubectlAsync("delete", "vip", "echo");
        }
    }

    [Fact]
    public async Task Pod_OnTheHolder_SeesTheClientsAddress()
    {
        var holder = await Cluster.HolderAsync();
        var seen = "";

        await SandboxCluster.UntilAsync("a pod of the holder answers", async () =>
        {
            using var answer = JsonDocument.Parse(await Cluster.InAsync(
                "client", "curl", "-s", "--max-time", "60", $"http://{SandboxCluster.Vip}/"));
            if (answer.RootElement.GetProperty("node").GetString() == holder)
            {
                seen = answer.RootElement.GetProperty("client").GetString()!;
            }

            return seen.Length > 0;
        });

        seen.ShouldStartWith("10.70.0.200:");
    }

    /// <summary>These pods and no other, without a loss; the nodes follow the status a moment later.</summary>
    private Task AnsweredByAsync(params string[] pods) => SandboxCluster.UntilAsync(
        $"answers of {string.Join(", ", pods)} alone",
        async () => await Cluster.ProbeAsync("1s") is { Failures: 0 } seen && seen.Pods.Keys.Order(StringComparer.Ordinal).SequenceEqual(pods));

    private Task BackendsAsync(string ready) => SandboxCluster.UntilAsync($"{ready} backends", async () =>
    {
        using var vip = await Cluster.VipAsync();
        return vip.RootElement.GetProperty("status").GetProperty("readyBackends").GetString() == ready;
    });
}
