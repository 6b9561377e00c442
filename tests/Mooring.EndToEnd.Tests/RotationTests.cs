using System.Text.Json;

namespace Mooring.EndToEnd.Tests;

/// <summary>Keys and certificates are replaced while a client asks, and who is not who he says he is stays outside.</summary>
public sealed class RotationTests(SandboxCluster cluster) : SandboxTest(cluster)
{
    private const string Controller = "https://10.70.0.5:7946";

    [Fact]
    public async Task HeartbeatKey_RotatedUnderTraffic_NothingFailsAndNothingMoves()
    {
        var refused = await RefusedKeysAsync();
        var moved = true;

        // A machine that stands still for a detection time moves the address as well, now and then, whatever is done to the key.
        for (var attempt = 0; moved && attempt < 3; attempt++)
        {
            var before = await ClaimAsync(Cluster);
            var id = await SecretAsync(Cluster, "mooring-heartbeat-key", "id");
            var seen = await Cluster.ProbeDuringAsync(async () =>
            {
                await RotateAsync(Cluster, "mooring-heartbeat-key");
                await SandboxCluster.UntilAsync("another key alone", async () =>
                    await SecretAsync(Cluster, "mooring-heartbeat-key", "id") != id
                    && await SecretAsync(Cluster, "mooring-heartbeat-key", "other-id") == "");
            });

            seen.Failures.ShouldBe(0);
            seen.Requests.ShouldBeGreaterThan(100);
            moved = await ClaimAsync(Cluster) != before;
        }

        moved.ShouldBeFalse(await Cluster.KubectlAsync("describe", "vip", "web"));
        (await RefusedKeysAsync()).ShouldBe(refused, "every agent knew the key of each heartbeat");
        await NoSecretInTheLogsAsync(Cluster);
    }

    [Fact]
    public async Task Certificates_RotatedUnderTraffic_NothingFailsAndEveryAgentGetsBack()
    {
        var own = await SandboxCluster.StartAsync(
            "r", "--controller-option=--ca-overlap=2s", "--controller-option=--certificate-lifetime=12s");
        try
        {
            await own.HealthyAsync();
            var before = await ClaimAsync(own);
            var authority = await SecretAsync(own, "mooring-ca", "ca\\.crt");
            string[] others = [.. new[] { "node-1", "node-2", "node-3" }.Where(node => node != before.Holder)];

            var seen = await own.ProbeDuringAsync(async () =>
            {
                await RotateAsync(own, "mooring-ca");
                await SandboxCluster.UntilAsync("the next authority is announced", async () =>
                    await SecretAsync(own, "mooring-ca", "next\\.crt") != "");

                // Who connects in the middle of it finds his way as well.
                await own.SandboxAsync("node", "restart", others[0]);
                await SandboxCluster.UntilAsync("another authority alone", async () =>
                    await SecretAsync(own, "mooring-ca", "ca\\.crt") != authority
                    && await SecretAsync(own, "mooring-ca", "next\\.crt") == ""
                    && await SecretAsync(own, "mooring-ca", "previous\\.crt") == "");
                await own.SandboxAsync("node", "restart", others[1]);
                await own.HealthyAsync();
            });

            seen.Failures.ShouldBe(0);
            (await ClaimAsync(own)).ShouldBe(before, await own.KubectlAsync("describe", "vip", "web"));
            await NoSecretInTheLogsAsync(own);
        }
        finally
        {
            await own.DisposeAsync();
        }
    }

    [Fact]
    public async Task Agent_WithTheTokenOfAnotherNode_IsRefusedLoggedAndCounted()
    {
        var state = Directory.CreateTempSubdirectory("mooring-thief-").FullName;
        var agent = SandboxCluster.Program.Replace("Mooring.Sandbox", "Mooring.Agent").Replace("mooring-sandbox.dll", "mooring-agent.dll");
        using var thief = Cluster.StartIn(
            "client", "dotnet", agent, "run", "--node-name", "node-2", "--controller", Controller,
            "--ca-file", Path.Combine(Volume("node-1"), "ca.crt"), "--token-file", Path.Combine(Volume("node-1"), "token"),
            "--state-directory", state);
        try
        {
            thief.ErrorDataReceived += static (_, _) => { };
            thief.BeginErrorReadLine();
            string? line;
            do
            {
                line = await thief.StandardOutput.ReadLineAsync();
            }
            while (line?.Contains("PermissionDenied") == false);

            line.ShouldNotBeNull("it says that it is refused").ShouldContain("an agent of node-1 cannot speak for node-2");
        }
        finally
        {
            thief.Kill(entireProcessTree: true);
            await Cluster.InAsync("client", "dotnet", agent, "cleanup");
            Directory.Delete(state, recursive: true);
        }

        await SandboxCluster.UntilAsync("the controller's log tells of it", async () =>
            (await File.ReadAllTextAsync(Path.Combine(Root(Cluster), "logs", "controller.log"))).Contains("OtherNode", StringComparison.Ordinal));
        (await Cluster.InAsync("control", "curl", "-s", "http://127.0.0.1:7951/metrics"))
            .ShouldContain("mooring_agent_connections_refused_total{reason=\"OtherNode\"}");
        await Cluster.HealthyAsync();
    }

    private string Volume(string node) => Path.Combine(Root(Cluster), "volumes", node);

    private static string Root(SandboxCluster cluster) => Path.GetFullPath(Path.Combine(cluster.StateOf("node-1"), "../.."));

    private static Task RotateAsync(SandboxCluster cluster, string secret) =>
        cluster.KubectlAsync("-n", "mooring-system", "annotate", "secret", secret, "mooring.dev/rotate=now");

    private static Task<string> SecretAsync(SandboxCluster cluster, string secret, string entry) =>
        cluster.KubectlAsync("-n", "mooring-system", "get", "secret", secret, "-o", $"jsonpath={{.data.{entry}}}");

    private static async Task<(string Holder, long Term)> ClaimAsync(SandboxCluster cluster)
    {
        using var vip = await cluster.VipAsync();
        var status = vip.RootElement.GetProperty("status");
        return (status.GetProperty("holder").GetString()!, status.GetProperty("term").GetInt64());
    }

    /// <summary>How many heartbeats each agent has refused for their key.</summary>
    private async Task<string[]> RefusedKeysAsync()
    {
        var refused = new List<string>();
        foreach (var node in Enumerable.Range(1, 3))
        {
            var metrics = await Cluster.InAsync("control", "curl", "-s", $"http://10.70.0.1{node}:7950/metrics");
            metrics.ShouldContain("mooring_heartbeats_received_total");
            refused.AddRange(metrics.Split('\n').Where(line =>
                line.StartsWith("mooring_heartbeats_received_total", StringComparison.Ordinal)
                && (line.Contains("UnknownKey", StringComparison.Ordinal) || line.Contains("BadMac", StringComparison.Ordinal))));
        }

        return [.. refused];
    }

    /// <summary>What Secrets and volumes hold is in no log of the controller or an agent.</summary>
    private static async Task NoSecretInTheLogsAsync(SandboxCluster cluster)
    {
        var secrets = new List<string>();
        foreach (var volume in Directory.EnumerateDirectories(Path.Combine(Root(cluster), "volumes")))
        {
            secrets.Add(await File.ReadAllTextAsync(Path.Combine(volume, "token")));
        }

        using var all = JsonDocument.Parse(await cluster.KubectlAsync("-n", "mooring-system", "get", "secret", "-o", "json"));
        foreach (var entry in all.RootElement.GetProperty("items").EnumerateArray()
            .SelectMany(secret => secret.GetProperty("data").EnumerateObject())
            .Where(entry => entry.Name.EndsWith("key", StringComparison.Ordinal)))
        {
            var value = entry.Value.GetString()!;
            var bytes = Convert.FromBase64String(value);
            secrets.AddRange([value, Convert.ToHexString(bytes), Convert.ToHexStringLower(bytes)]);
            if (entry.Name.EndsWith(".key", StringComparison.Ordinal))
            {
                secrets.AddRange(System.Text.Encoding.ASCII.GetString(bytes).Split('\n').Where(line => line.Length > 30 && line[0] != '-'));
            }
        }

        secrets.Count.ShouldBeGreaterThan(6);
        foreach (var log in Directory.EnumerateFiles(Path.Combine(Root(cluster), "logs")))
        {
            var text = await File.ReadAllTextAsync(log);
            secrets.ShouldNotContain(secret => text.Contains(secret, StringComparison.Ordinal), log);
        }
    }
}
