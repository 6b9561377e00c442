using System.Text.Json;

namespace Mooring.EndToEnd.Tests;

/// <summary>What fields of a Service of type LoadBalancer come to on the wire.</summary>
public sealed class ServiceFieldTests(SandboxCluster cluster) : LoadBalancerTest(cluster)
{
    [Fact]
    public async Task Service_LocalTrafficPolicy_ShowsPodsOfTheHolderTheClientsAddress()
    {
        await Cluster.ApplyAsync(Service("front", spec: "externalTrafficPolicy: Local"));
        await ConnectAsync(Address, 80);
        var own = await Cluster.InAsync("client", "ip", "-4", "-o", "address", "show", "dev", "eth0");

        for (var i = 0; i < 5; i++)
        {
            // Read together: the address may still move to the node it ranks first for.
            await SandboxCluster.UntilAsync("a pod of the holder answers", async () =>
            {
                using var answer = JsonDocument.Parse(
                    await Cluster.InAsync("client", "curl", "-s", "--max-time", "5", $"http://{Address}/"));
                var client = answer.RootElement.GetProperty("client").GetString()!;
                own.ShouldContain($" {client[..client.LastIndexOf(':')]}/");
                return answer.RootElement.GetProperty("node").GetString() == (await Cluster.HoldersAsync("front"))[Address];
            });
        }
    }

    [Fact]
    public async Task Service_HealthCheckNodePort_TellsWhichNodesHaveEndpoints()
    {
        await Cluster.ApplyAsync(Service("front", spec: "externalTrafficPolicy: Local"));
        var port = await Cluster.KubectlAsync("get", "service", "front", "-o", "jsonpath={.spec.healthCheckNodePort}");

        await AnswersAsync(1, port, """200 {"service":{"namespace":"default","name":"front"},"localEndpoints":2,"serviceProxyHealthy":true}""");
        try
        {
            await Cluster.SandboxAsync("pod", "unready", "web-1");
            await Cluster.SandboxAsync("pod", "unready", "web-2");
            await AnswersAsync(1, port, """503 {"service":{"namespace":"default","name":"front"},"localEndpoints":0,"serviceProxyHealthy":true}""");
            await AnswersAsync(2, port, """200 {"service":{"namespace":"default","name":"front"},"localEndpoints":2,"serviceProxyHealthy":true}""");
        }
        finally
        {
            await Cluster.SandboxAsync("pod", "heal", "web-1");
            await Cluster.SandboxAsync("pod", "heal", "web-2");
        }

        await PatchAsync("front", """{"spec":{"externalTrafficPolicy":"Cluster"}}""");
        await AnswersAsync(2, port, "000");
    }

    [Fact]
    public async Task Service_DualStack_AnswersAtAnAddressOfEachFamily()
    {
        await Cluster.ApplyAsync(Service("front", spec: "ipFamilyPolicy: RequireDualStack\nipFamilies: [IPv4, IPv6]"));

        foreach (var url in (string[])[$"http://{Address}/", $"http://[{AddressV6}]/"])
        {
            await SandboxCluster.UntilAsync($"every pod answers {url}", async () =>
                await Cluster.ProbeAsync("500ms", url) is { Failures: 0, Pods.Count: 6 });
        }

        (await Cluster.KubectlAsync("get", "service", "front", "-o", "jsonpath={.status.loadBalancer.ingress[*].ip}"))
            .ShouldBe($"{Address} {AddressV6}");
    }

    [Fact]
    public async Task Service_TwoProtocolsOnOnePort_AnswersBoth()
    {
        await Cluster.ApplyAsync(Service("front"));
        await PatchAsync("front", """
            {"spec":{"ports":[{"name":"http","port":80,"targetPort":8080},{"name":"udp","port":80,"protocol":"UDP","targetPort":9001}]}}
            """);

        await ConnectAsync(Address, 80);
        await SandboxCluster.UntilAsync("UDP answers", async () =>
            (await Cluster.InAsync(
                "client", "bash", "-c", $"exec 3<>/dev/udp/{Address}/80; echo hello >&3; timeout 1 head -c 5 <&3 2>/dev/null || true")).Length > 0);
    }

    [Fact]
    public async Task Service_SessionAffinitySwitched_StaysWithOnePodAndSpreadsAgain()
    {
        await Cluster.ApplyAsync(Service("front", spec: "sessionAffinity: ClientIP"));
        await ConnectAsync(Address, 80);
        await SandboxCluster.UntilAsync("one pod answers", async () => await PodsAsync() == 1);

        await PatchAsync("front", """{"spec":{"sessionAffinity":"None","sessionAffinityConfig":null}}""");
        await SandboxCluster.UntilAsync("all pods answer", async () => await PodsAsync() == 6);
    }

    [Fact]
    public async Task Service_SourceRanges_LetOnlyTheirClientsIn()
    {
        await Cluster.ApplyAsync(Service("front"));
        await ConnectAsync(Address, 80);

        await PatchAsync("front", """{"spec":{"loadBalancerSourceRanges":["192.0.2.0/24"]}}""");
        await RefusedAsync(Address, 80);

        await PatchAsync("front", """{"spec":{"loadBalancerSourceRanges":["192.0.2.0/24","10.70.0.0/24"]}}""");
        await ConnectAsync(Address, 80);
    }

    private async Task<int> PodsAsync() => (await Cluster.ProbeAsync("500ms", $"http://{Address}/")).Pods.Count;

    /// <summary>Status and body of a node's health check port; 000 where nobody listens.</summary>
    private Task AnswersAsync(int node, string port, string expected) => SandboxCluster.UntilAsync(
        $"node-{node} says {expected}",
        async () => (await Cluster.InAsync(
            "client", "bash", "-c", $"body=$(curl -s --max-time 5 -w '\n%{{http_code}}' http://10.70.0.1{node}:{port}/ || true); "
                + "echo \"${body##*$'\\n'} ${body%$'\\n'*}\"")).Trim() == expected);
}
