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

    [Fact]
    public async Task Wire_ArpFramesCutShort_DisturbNothing()
    {
        // A whole request for the address has 42 bytes; each length below that, and lengths inside that lie.
        await Cluster.InAsync("client", "python3", "-c", """
            import socket
            wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            wire.bind(("eth0", 0))
            own = wire.getsockname()[4]
            vip = bytes([10, 70, 0, 100])
            ethernet = b"\xff" * 6 + own + b"\x08\x06"
            whole = ethernet + b"\0\x01\x08\0\x06\x04\0\x01" + own + bytes([10, 70, 0, 200]) + b"\0" * 6 + vip
            for length in range(14, len(whole)):
                wire.send(whole[:length])
            for lie in (b"\0\x01\x08\0\xff\xff\0\x01", b"\0\x01\x08\0\x06\x04\xff\xff", b"\xff" * 8, b"\0" * 8):
                wire.send(ethernet + lie + whole[22:])
            """);

        await UntouchedAsync();
        (await Cluster.InAsync("client", "ping", "-c1", "-W5", SandboxCluster.Vip)).ShouldContain("1 received");
        await Cluster.HealthyAsync();
    }

    [Theory]
    [InlineData("empty")]
    [InlineData("cut short")]
    [InlineData("changed")]
    public async Task SnapshotFile_Damaged_AgentStartsAllTheSame(string damage)
    {
        var node = await Cluster.HolderAsync() == "node-1" ? "node-2" : "node-1";
        await Cluster.SandboxAsync("node", "kill", node);
        var file = Path.Combine(Cluster.StateOf(node), "snapshot.bin");
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[bytes.Length / 2] ^= 0xff;
        await File.WriteAllBytesAsync(file, damage switch
        {
            "empty" => [],
            "cut short" => bytes[..(bytes.Length / 3)],
            _ => bytes,
        });

        await Cluster.SandboxAsync("node", "heal", node);

        await SandboxCluster.UntilAsync("the agent keeps a good snapshot again", async () =>
            File.Exists(file) && await File.ReadAllBytesAsync(file) is var now
                && now.Length > bytes.Length / 2 && !now.AsSpan().SequenceEqual(bytes));
        await Cluster.HealthyAsync();
        await UntouchedAsync();
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
