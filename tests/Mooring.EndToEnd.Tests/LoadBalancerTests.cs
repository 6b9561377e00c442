using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Mooring.EndToEnd.Tests;

/// <summary>Services of type LoadBalancer with addresses of a pool, answered to a client of the network.</summary>
public sealed class LoadBalancerTests(SandboxCluster cluster) : LoadBalancerTest(cluster)
{
    /// <summary>Nothing waits for a relist or a retry; the figure of each run is in its output.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Service_Created_AnswersAtOnce()
    {
        var start = TimeProvider.System.GetTimestamp();
        await Cluster.ApplyAsync(Service("front"));
        await ConnectAsync(Address, 80);
        var taken = TimeProvider.System.GetElapsedTime(start);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"answered {taken.TotalMilliseconds:0} ms after kubectl apply was started");

        var seen = await Cluster.ProbeAsync("1s", $"http://{Address}/");

        seen.Failures.ShouldBe(0);
        seen.Pods.Keys.Order().ShouldBe(["web-1", "web-2", "web-3", "web-4", "web-5", "web-6"]);
        (await Cluster.KubectlAsync("get", "service", "front", "-o", "jsonpath={.status.loadBalancer.ingress[*]}"))
            .ShouldBe($$"""{"ip":"{{Address}}","ipMode":"VIP"}""");
        taken.ShouldBeLessThan(Soon);
    }

    [Fact]
    public async Task Service_Created_AnswersTheClientWithinASecondOrSo()
    {
        using var api = await Cluster.ApiAsync();
        using var asking = Cluster.StartIn(
            "client", "timeout", "120", "bash", "-c",
            $"until timeout 0.3 bash -c 'exec 3<>/dev/tcp/{Address}/80' 2>/dev/null; do :; done; date +%s%N");
        var start = TimeProvider.System.GetUtcNow();
        using var created = await api.PostAsJsonAsync(
            "/api/v1/namespaces/default/services", Body(0, "lb"), TestContext.Current.CancellationToken);
        created.StatusCode.ShouldBe(HttpStatusCode.Created);
        var answered = DateTimeOffset.UnixEpoch.AddTicks(long.Parse(
            await asking.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), CultureInfo.InvariantCulture) / 100);

        var taken = answered - start;
        TestContext.Current.TestOutputHelper?.WriteLine($"answered {taken.TotalMilliseconds:0} ms after its creation was sent");
        taken.ShouldBeLessThan(Soon);
    }

    [Fact]
    public async Task Service_AddressUsedByAnotherMachine_GetsTheNextOne()
    {
        // Of its own, as it is not given for a while even after the other machine has gone.
        const string Used = "10.70.0.170";
        await Cluster.ApplyAsync($$"""
            apiVersion: mooring.dev/v1alpha1
            kind: AddressPool
            metadata: {name: used}
            spec: {addresses: ["{{Used}}-10.70.0.171"], autoAssign: false}
            """);
        await Cluster.InAsync("client", "ip", "address", "add", $"{Used}/24", "dev", "eth0");
        try
        {
            await Cluster.ApplyAsync(Service("front", more: "annotations: {mooring.dev/address-pool: used}"));

            await ConnectAsync("10.70.0.171", 80);
            await SandboxCluster.UntilAsync("the pool names it", async () =>
                (await Cluster.KubectlAsync("get", "addresspool", "used", "-o", "jsonpath={.status.conditions[*].message}"))
                    .Contains($"left out because other machines use them: {Used}", StringComparison.Ordinal));
        }
        finally
        {
            await Cluster.InAsync("client", "ip", "address", "del", $"{Used}/24", "dev", "eth0");
        }
    }

    [Fact]
    public async Task Service_PortTypeAndSelectorChanged_FollowsOrGoesAway()
    {
        await Cluster.ApplyAsync(Service("front"));
        await ConnectAsync(Address, 80);

        await Cluster.KubectlAsync(
            "patch", "service", "front", "--type=json", "-p", """[{"op":"replace","path":"/spec/ports/0/port","value":81}]""");
        await ConnectAsync(Address, 81);
        await RefusedAsync(Address, 80);

        await Cluster.KubectlAsync(
            "patch", "service", "front", "--type=merge", "-p", """{"spec":{"type":"ClusterIP","loadBalancerClass":null}}""");
        await RefusedAsync(Address, 81);
        (await Cluster.KubectlAsync("get", "service", "front", "-o", "jsonpath={.status.loadBalancer}")).ShouldBe("{}");
    }

    [Fact]
    public async Task Services_SharingAnAddress_AnswerOnTheirPortsAndMoveTogether()
    {
        await Cluster.ApplyAsync(Service("front", more: "annotations: {mooring.dev/sharing-key: one}"));
        await Cluster.ApplyAsync(Service("back", 8081, "annotations: {metallb.universe.tf/allow-shared-ip: one}"));
        await ConnectAsync(Address, 80);
        await ConnectAsync(Address, 8081);

        await Cluster.KubectlAsync("wait", "--for=condition=Held", "vip/front", "vip/back", "--timeout=180s");
        (await Cluster.HoldersAsync("front"))[Address].ShouldBe((await Cluster.HoldersAsync("back"))[Address]);
        await Cluster.KubectlAsync("delete", "service", "front");
        await RefusedAsync(Address, 80);
        (await Cluster.ProbeAsync("500ms", $"http://{Address}:8081/")).Failures.ShouldBe(0);
    }

    [Fact]
    public async Task Services_ManyAtOnce_AllAnswerAtAddressesOfTheirOwn()
    {
        // MOORING_TEST_SERVICES=1000 for the figure.
        var count = int.Parse(
            Environment.GetEnvironmentVariable("MOORING_TEST_SERVICES") ?? "300", CultureInfo.InvariantCulture);
        await using var large = await SandboxCluster.StartAsync("l");
        for (var i = 1; i <= 3; i++)
        {
            await large.InAsync($"node-{i}", "ip", "address", "add", $"10.90.0.{i}/16", "dev", "eth0");
        }

        await large.InAsync("client", "ip", "address", "add", "10.90.0.9/16", "dev", "eth0");
        await large.ApplyAsync("""
            apiVersion: mooring.dev/v1alpha1
            kind: AddressPool
            metadata: {name: public}
            spec: {addresses: ["10.90.16.0/20"]}
            """);
        using var api = await large.ApiAsync();
        var start = TimeProvider.System.GetTimestamp();
        await Parallel.ForAsync(
            0,
            count,
            new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = TestContext.Current.CancellationToken },
            async (i, cancellationToken) =>
            {
                using var answer = await api.PostAsJsonAsync("/api/v1/namespaces/default/services", Body(i), cancellationToken);
                answer.StatusCode.ShouldBe(HttpStatusCode.Created, await answer.Content.ReadAsStringAsync(cancellationToken));
            });

        var created = TimeProvider.System.GetElapsedTime(start);

        string[] addresses = [];
        await SandboxCluster.UntilAsync("every Service has an address", async () =>
        {
            using var list = JsonDocument.Parse(await api.GetStringAsync("/api/v1/services"));
            addresses = [.. list.RootElement.GetProperty("items").EnumerateArray().SelectMany(Ingress)];
            return addresses.Length == count;
        });
        var assigned = TimeProvider.System.GetElapsedTime(start);
        addresses.ShouldBeUnique();
        (await AnsweringAsync(large, addresses)).ShouldBe(count);
        var answered = TimeProvider.System.GetElapsedTime(start);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{count} Services: created in {created.TotalSeconds:0.0} s, assigned after {assigned.TotalSeconds:0.0} s, each answered after {answered.TotalSeconds:0.0} s"));
    }

    /// <summary>
    /// How many of the addresses answer a client with 200. It asks for a few at a time and forgets where they are: by default a
    /// kernel knows 1024 neighbours (net.ipv4.neigh.default.gc_thresh3), in all namespaces of the machine together.
    /// </summary>
    private static async Task<int> AnsweringAsync(SandboxCluster cluster, string[] addresses)
    {
        var urls = Path.Combine(Directory.CreateTempSubdirectory("mooring-").FullName, "urls");
        var answering = 0;
        foreach (var some in addresses.Chunk(100))
        {
            await File.WriteAllLinesAsync(
                urls,
                some.Select(address => $"url = http://{address}/\noutput = /dev/null"),
                TestContext.Current.CancellationToken);
            var said = await cluster.InAsync(
                "client", "curl", "-sS", "-K", urls, "--parallel", "--parallel-max", "20", "--connect-timeout", "2", "--max-time", "5",
                "--retry", "30", "--retry-connrefused", "--retry-all-errors", "--retry-delay", "1", "-w", "%{http_code}\\n");
            answering += said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(code => code == "200");
            await cluster.InAsync("client", "ip", "neighbour", "flush", "dev", "eth0");
        }

        return answering;
    }

    private static IEnumerable<string> Ingress(JsonElement service) =>
        service.GetProperty("status").TryGetProperty("loadBalancer", out var balancer)
            && balancer.TryGetProperty("ingress", out var ingress)
            ? ingress.EnumerateArray().Select(one => one.GetProperty("ip").GetString()!)
            : [];

    private static object Body(int index, string? suite = null) => new
    {
        apiVersion = "v1",
        kind = "Service",
        metadata = new { name = string.Create(CultureInfo.InvariantCulture, $"s{index}"), labels = new { suite = suite ?? "many" } },
        spec = new
        {
            type = "LoadBalancer",
            loadBalancerClass = "mooring.dev/vip",
            allocateLoadBalancerNodePorts = false,
            selector = new { app = "web" },
            ports = new[] { new { port = 80, targetPort = 8080 } },
        },
    };
}
