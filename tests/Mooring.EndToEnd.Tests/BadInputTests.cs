using System.Text.Json;

namespace Mooring.EndToEnd.Tests;

public sealed class BadInputTests(SandboxCluster cluster) : SandboxTest(cluster)
{
    [Fact]
    public async Task Apply_SchemaErrors_NameTheField()
    {
        (await Cluster.RefusalAsync(Vip("bad", "10.70.0.120", "port: 70000"))).ShouldContain("spec.ports[0].port");
        (await Cluster.RefusalAsync(Vip("bad", "not-an-address", "port: 80"))).ShouldContain("spec.addresses");
        (await Cluster.RefusalAsync(Vip("bad", "10.70.0.120", "port: 80", protocol: "ICMP"))).ShouldContain("spec.ports[0].protocol");
        await UntouchedAsync();
    }

    [Theory]
    [InlineData("10.70.0.100", "web", "10.70.0.100")]
    [InlineData("192.0.2.1", "web", "192.0.2.1")]
    [InlineData("10.70.0.121", "nowhere", "nowhere")]
    public async Task VirtualIp_CannotWork_SaysWhyAndDisturbsNoOther(string address, string pool, string named)
    {
        await Cluster.ApplyAsync(Vip("bad", address, "port: 80", pool: pool));
        try
        {
            (await NotReadyAsync("bad")).ShouldContain(named);
            await UntouchedAsync();
        }
        finally
        {
            await Cluster.KubectlAsync("delete", "vip", "bad");
        }
    }

    [Fact]
    public async Task VirtualIp_TwoPortsTheSame_IsRefusedOrReported()
    {
        var yaml = Vip("bad", "10.70.0.122", "port: 80") + "\n    - {name: again, port: 80, protocol: TCP, backendPool: web, targetPort: 8080}";
        string words;
        try
        {
            await Cluster.ApplyAsync(yaml);
            words = await NotReadyAsync("bad");
            await Cluster.KubectlAsync("delete", "vip", "bad");
        }
        catch (InvalidOperationException refused)
        {
            words = refused.Message;
        }

        words.ShouldContain("ports");
        await UntouchedAsync();
    }

    [Fact]
    public async Task Pool_SelectorMatchesNothing_IsReportedWithTheSelector()
    {
        await Cluster.ApplyAsync("""
            apiVersion: mooring.dev/v1alpha1
            kind: BackendPool
            metadata: {name: empty}
            spec: {selector: {app: nothing-has-this}}
            ---
            """ + "\n" + Vip("bad", "10.70.0.123", "port: 80", pool: "empty"));
        try
        {
            (await NotReadyAsync("bad")).ShouldContain("app=nothing-has-this");
            await UntouchedAsync();
        }
        finally
        {
            await Cluster.KubectlAsync("delete", "vip/bad", "bp/empty");
        }
    }

    [Fact]
    public async Task VirtualIp_NoEligibleNode_NamesEachNodeAndWhy()
    {
        await Cluster.ApplyAsync(Vip("bad", "10.70.0.124", "port: 80", extra: "nodeSelector: {disk: none}"));
        try
        {
            var words = await NotReadyAsync("bad");
            words.ShouldContain("node-1");
            words.ShouldContain("node-3");
            await UntouchedAsync();
        }
        finally
        {
            await Cluster.KubectlAsync("delete", "vip", "bad");
        }
    }

    [Fact]
    public async Task Ports_GarbageAndOversizedFrames_DisturbNothing()
    {
        foreach (var target in (string[])["10.70.0.11/7947", "10.70.0.12/7947", "10.70.0.13/7947"])
        {
            await Cluster.InAsync("client", "bash", "-c",
                $"for i in 1 2 3 4 5 6 7 8 9 10; do head -c $((i * 140)) /dev/urandom > /dev/udp/{target}; done; head -c 60000 /dev/zero > /dev/udp/{target} || true");
        }

        await Cluster.InAsync("client", "bash", "-c",
            "for i in 1 2 3; do timeout 5 bash -c 'head -c 5000000 /dev/urandom > /dev/tcp/10.70.0.5/7946' || true; done");

        await UntouchedAsync();
        await Cluster.HealthyAsync();
    }

    private static string Vip(
        string name, string address, string port, string pool = "web", string protocol = "TCP", string extra = "failback: Manual") =>
        $$"""
        apiVersion: mooring.dev/v1alpha1
        kind: VirtualIp
        metadata: {name: {{name}}}
        spec:
          addresses: ["{{address}}"]
          {{extra}}
          ports:
            - {name: http, {{port}}, protocol: {{protocol}}, backendPool: {{pool}}, targetPort: 8080}
        """;

    /// <summary>Everything the conditions say once the VirtualIp is known not to be ready.</summary>
    private async Task<string> NotReadyAsync(string name)
    {
        var words = "";
        await SandboxCluster.UntilAsync($"{name} is reported as not ready", async () =>
        {
            using var vip = await Cluster.VipAsync(name);
            if (!vip.RootElement.TryGetProperty("status", out var status)
                || !status.TryGetProperty("conditions", out var conditions))
            {
                return false;
            }

            words = string.Join('\n', conditions.EnumerateArray().Select(condition => condition.GetProperty("message").GetString()));
            return conditions.EnumerateArray().Any(condition =>
                condition.GetProperty("type").GetString() == "Ready" && condition.GetProperty("status").GetString() == "False");
        });
        return words;
    }

    private async Task UntouchedAsync()
    {
        var seen = await Cluster.ProbeAsync("500ms");
        seen.Failures.ShouldBe(0, JsonSerializer.Serialize(seen));
        (await Cluster.KubectlAsync("get", "vip", "web")).ShouldContain("True");
    }
}
