namespace Mooring.EndToEnd.Tests;

/// <summary>One VirtualIp with an IPv4 and an IPv6 address, and one with IPv6 alone.</summary>
public sealed class DualStackTests(SandboxCluster cluster) : SandboxTest(cluster)
{
    private const string V4 = "10.70.0.120";
    private const string V6 = "fd00:70::120";
    private const string Alone = "fd00:70::121";

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await Cluster.KubectlAsync("apply", "-f", SandboxCluster.Manifest("dual-stack.yaml"));
        await Cluster.ApplyAsync(
            $$"""
            apiVersion: mooring.dev/v1alpha1
            kind: VirtualIp
            metadata: {name: web-v6}
            spec:
              addresses: ["{{Alone}}"]
              ports: [{name: http, port: 80, backendPool: web-dual, targetPort: 8080}]
            """);
        await Cluster.KubectlAsync("wait", "--for=condition=Ready", "vip/web-dual", "vip/web-v6", "--timeout=180s");
    }

    public override async ValueTask DisposeAsync()
    {
        await Cluster.KubectlAsync("delete", "vip", "web-v6");
        await Cluster.KubectlAsync("delete", "-f", SandboxCluster.Manifest("dual-stack.yaml"));
        await base.DisposeAsync();
    }

    [Fact]
    public async Task DualStack_Client_ReachesEveryPodByEachAddress()
    {
        foreach (var url in (string[])[$"http://{V4}/", $"http://[{V6}]/", $"http://[{Alone}]/"])
        {
            await SandboxCluster.UntilAsync($"every pod answers {url}", async () =>
                await Cluster.ProbeAsync("1s", url) is { Failures: 0, Pods.Count: 6 });
        }

        await SandboxCluster.UntilAsync("each address counts the endpoints of its family", async () =>
            await BackendsAsync("web-dual") == "12/12" && await BackendsAsync("web-v6") == "6/6");
    }

    [Fact]
    public async Task IPv6_Client_ResolvesAndPingsTheHolder()
    {
        await Cluster.InAsync("client", "ip", "-6", "neigh", "flush", "all");

        await Cluster.InAsync("client", "ping", "-6", "-c1", "-W30", V6);

        (await Cluster.InAsync("client", "ip", "-6", "neigh", "show", V6))
            .ShouldContain(await Cluster.MacOfAsync(await HolderAsync("web-dual", V6)));
    }

    [Fact]
    public async Task IPv6_AnotherHostConfiguresTheAddress_FindsItInUse()
    {
        await Cluster.InAsync("client", "ip", "address", "add", $"{V6}/64", "dev", "eth0");
        try
        {
            await SandboxCluster.UntilAsync("the client gives the address up", async () =>
                (await Cluster.InAsync("client", "ip", "address", "show", "dev", "eth0")).Contains("dadfailed", StringComparison.Ordinal));
        }
        finally
        {
            await Cluster.InAsync("client", "ip", "address", "delete", $"{V6}/64", "dev", "eth0");
        }

        (await Cluster.ProbeAsync("500ms", $"http://[{V6}]/")).Failures.ShouldBe(0);
    }

    [Theory]
    [InlineData("kill", "web-v6", Alone)]
    [InlineData("cut", "web-v6", Alone)]
    [InlineData("cut --silent", "web-v6", Alone)]
    [InlineData("kill", "web-dual", V6)]
    [InlineData("cut", "web-dual", V6)]
    [InlineData("cut", "web-dual", V4)]
    public async Task Holder_Lost_AnotherServes(string how, string vip, string address)
    {
        var url = address.Contains(':', StringComparison.Ordinal) ? $"http://[{address}]/" : $"http://{address}/";
        var before = await HolderAsync(vip, address);
        async Task LoseAsync()
        {
            await Cluster.SandboxAsync(["node", .. how.Split(' '), before]);
            try
            {
                await SandboxCluster.UntilAsync($"another holder of {address} than {before}", async () =>
                    await HolderAsync(vip, address) is { Length: > 0 } now && now != before);
            }
            finally
            {
                await Cluster.SandboxAsync("node", "heal", before);
            }
        }

        var seen = await Cluster.ProbeDuringAsync(LoseAsync, address: address);
        await Cluster.HealthyAsync();
        TestContext.Current.TestOutputHelper?.WriteLine($"{how} {address}: {seen.Failures} of {seen.Requests} failed, outage {seen.OutageMillis} ms");
        seen.Requests.ShouldBeGreaterThan(100);
        seen.OutageMillis.ShouldBeLessThan(5000, "a bound for a busy machine; the benchmark measures");
        await SandboxCluster.UntilAsync("nothing is lost", async () => (await Cluster.ProbeAsync("500ms", url)).Failures == 0);
    }

    private async Task<string?> BackendsAsync(string name)
    {
        using var vip = await Cluster.VipAsync(name);
        return vip.RootElement.GetProperty("status").GetProperty("readyBackends").GetString();
    }

    private async Task<string> HolderAsync(string name, string address) => (await Cluster.HoldersAsync(name))[address];
}
