using System.Security.Cryptography;
using k8s.Models;
using Mooring.Controller.Agents;
using Mooring.Controller.Validation;
using Mooring.Core.Placement;
using Mooring.Core.Snapshots;
using Mooring.Protocol.V1Alpha1;
using BackendCondition = Mooring.Core.Snapshots.BackendCondition;

namespace Mooring.Controller.Tests.Integration;

/// <summary>The whole controller against the sandbox's API server and agents that speak the protocol.</summary>
public sealed partial class ControllerTests : IAsyncLifetime
{
    private readonly List<FakeAgent> _agents = [];
    private TestCluster _cluster = null!;

    public async ValueTask InitializeAsync() => _cluster = await TestCluster.StartAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var agent in _agents)
        {
            await agent.DisposeAsync();
        }

        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task Apply_Example_IsHeldAndReady()
    {
        var (url, agents, _) = await _cluster.StartControllerAsync();
        await ConnectAsync(url, agents);

        await ApplyExampleAsync();
        var vip = await _cluster.WaitForConditionAsync("web", "Ready", "True");

        var status = vip.Status!;
        status.Holder.ShouldBe(Holder().Node);
        status.Addresses.ShouldBe(["10.70.0.100"]);
        status.ReadyBackends.ShouldBe("3/3");
        status.Candidates!.Count.ShouldBe(3);
        status.ObservedGeneration.ShouldBe(vip.Metadata.Generation);
        await _cluster.WaitForEventAsync("web", "HolderChanged", $"10.70.0.100 is held by {status.Holder} (InitialClaim), term 1");
        var key = await _cluster.Client.GetAsync<V1Secret>(
            "mooring-heartbeat-key", "mooring-system", TestContext.Current.CancellationToken);
        foreach (var agent in _agents)
        {
            agent.Current!.HeartbeatKeys.ShouldHaveSingleItem().Secret.ShouldBe(key!.Data!["key"]);
        }
    }

    [Fact]
    public async Task HeartbeatKeys_SecretWithTwo_AgentsGetTheSigningOneFirst()
    {
        byte[][] keys = [RandomNumberGenerator.GetBytes(32), RandomNumberGenerator.GetBytes(32)];
        await _cluster.Client.CreateAsync(
            new V1Secret
            {
                Metadata = new V1ObjectMeta { Name = "mooring-heartbeat-key", NamespaceProperty = "mooring-system" },
                Data = new Dictionary<string, byte[]>(StringComparer.Ordinal)
                {
                    ["id"] = "2"u8.ToArray(),
                    ["key"] = keys[0],
                    ["other-id"] = "1"u8.ToArray(),
                    ["other-key"] = keys[1],
                },
            },
            TestContext.Current.CancellationToken);
        var (url, agents, _) = await _cluster.StartControllerAsync();
        await ConnectAsync(url, agents);
        await ApplyExampleAsync();
        await _cluster.WaitForConditionAsync("web", "Ready", "True");

        var published = _agents[0].Current!.HeartbeatKeys;

        published.Select(key => (key.Id, key.Secret.SequenceEqual(keys[key.Id == 2 ? 0 : 1]))).ShouldBe([(2, true), (1, true)]);
    }

    [Fact]
    public async Task Apply_OnceStatusIsStable_WritesNothingMore()
    {
        var (url, agents, _) = await _cluster.StartControllerAsync();
        await ConnectAsync(url, agents);
        await ApplyExampleAsync();
        await _cluster.WaitForConditionAsync("web", "Ready", "True");
        string? version = null;
        ulong? revision = null;

        // Two looks, a whole round of status writing apart, at which nothing moved.
        await Until.TrueAsync(
            async () =>
            {
                var (seen, published) = (version, revision);
                version = (await _cluster.VipAsync())!.Metadata.ResourceVersion;
                revision = agents.Published!.Revision;
                await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, TestContext.Current.CancellationToken);
                return seen == version && published == revision;
            },
            () => "a quiet second");
    }

    [Fact]
    public async Task Pod_NotReady_ReachesEveryAgentAndComesBack()
    {
        var (url, agents, _) = await _cluster.StartControllerAsync();
        await ConnectAsync(url, agents);
        await ApplyExampleAsync();
        await _cluster.WaitForConditionAsync("web", "Ready", "True");

        await _cluster.SetPodReadyAsync("web-2", false);
        await AllSeeAsync("pod/web-2", BackendCondition.NotReady);
        await _cluster.WaitForVipAsync("web", status => status.ReadyBackends == "2/3", "2/3");

        await _cluster.SetPodReadyAsync("web-2", true);
        await AllSeeAsync("pod/web-2", BackendCondition.Ready);
        await _cluster.WaitForVipAsync("web", status => status.ReadyBackends == "3/3", "3/3");
    }

    [Fact]
    public async Task Endpoint_FailsItsCheck_IsSeenInStatusAndEvents()
    {
        var (url, agents, _) = await _cluster.StartControllerAsync();
        await ConnectAsync(url, agents);
        await ApplyExampleAsync();
        await _cluster.WaitForConditionAsync("web", "Ready", "True");

        await Holder().ReportHealthAsync("default/web:8080", "10.71.2.2", 8080, false, "connection refused by 10.71.2.2:8080");
        await _cluster.WaitForVipAsync("web", status => status.ReadyBackends == "2/3", "2/3");
        await _cluster.WaitForEventAsync("web", "EndpointUnhealthy", "pod/web-2 (10.71.2.2:8080) takes no new connections");

        await Holder().ReportHealthAsync("default/web:8080", "10.71.2.2", 8080, true, "");
        await _cluster.WaitForVipAsync("web", status => status.ReadyBackends == "3/3", "3/3");
        await _cluster.WaitForEventAsync("web", "EndpointHealthy", "takes new connections again");
    }

    [Fact]
    public async Task Conflict_ForeignHost_IsAnEvent()
    {
        var (url, agents, _) = await _cluster.StartControllerAsync();
        await ConnectAsync(url, agents);
        await ApplyExampleAsync();
        await _cluster.WaitForConditionAsync("web", "Ready", "True");

        await _agents[0].SendAsync(new AgentMessage
        {
            Conflict = new ConflictReport
            {
                Address = "10.70.0.100",
                MacAddress = Google.Protobuf.ByteString.CopyFrom(2, 0, 0, 0, 0, 0x99),
            },
        });

        await _cluster.WaitForEventAsync("web", "ForeignHost", "02:00:00:00:00:99, which is no node of the cluster, uses 10.70.0.100");
    }

    [Theory]
    [MemberData(nameof(BadInputs))]
    public async Task BadInput_IsRefusedOrReported_AndTheOtherIsUntouched(
        string what, string yaml, string reason, string text)
    {
        var (url, agents, _) = await _cluster.StartControllerAsync();
        await ConnectAsync(url, agents);
        await ApplyExampleAsync();
        var good = (await _cluster.WaitForConditionAsync("web", "Ready", "True")).Status!;
        var before = Intent("web");

        var (status, error) = await _cluster.TryApplyAsync(yaml);
        if (reason.Length == 0)
        {
            status.ShouldBeInRange(400, 422, what);
            error!.ShouldContain(text);
        }
        else if (status == 422)
        {
            // Refused by the schema's own rules, where the server has them.
            error!.ShouldContain("port", Case.Insensitive);
        }
        else
        {
            status.ShouldBeInRange(200, 201, error);
            var bad = await _cluster.WaitForConditionAsync("bad", "Ready", "False", reason);
            bad.Status!.Conditions!.Single(condition => condition.Type == "Ready").Message!.ShouldContain(text);
        }

        // Published in one piece with the good one, so had it disturbed it, it would be seen here.
        Intent("web").ToString().ShouldBe(before.ToString());
        var after = (await _cluster.VipAsync())!.Status!;
        (after.Holder, after.Term, after.ReadyBackends).ShouldBe((good.Holder, good.Term, good.ReadyBackends));
        after.Conditions!.ShouldAllBe(condition => condition.Status == "True");
    }

    public static TheoryData<string, string, string, string> BadInputs => new()
    {
        { "port out of range", Bad(port: 70000), "", "spec.ports[0].port" },
        { "port missing", Vip("addresses: [10.70.0.101]", "{name: http, backendPool: web}"), "", "port" },
        { "unknown protocol", Bad(more: ", protocol: ICMP"), "", "protocol" },
        { "no duration", Bad(spec: "failover: {heartbeatInterval: soon}"), "", "heartbeatInterval" },
        { "no address", Bad(address: "ten"), "", "addresses" },
        { "duration out of bounds", Bad(spec: "failover: {heartbeatInterval: 1ms}"), Reasons.InvalidDuration, "from 10ms to 10s" },
        { "address in use", Bad(address: "10.70.0.100"), Reasons.AddressConflict, "VirtualIp default/web" },
        { "address outside", Bad(address: "10.99.0.1"), Reasons.AddressOutsideSubnets, "10.70.0.0/24" },
        { "unknown pool", Bad(pool: "nope"), Reasons.UnknownBackendPool, "spec.ports[0].backendPool" },
        {
            "two ports the same",
            Vip("addresses: [10.70.0.101]", "{name: a, port: 80, backendPool: web}", "{name: b, port: 80, backendPool: web}"),
            Reasons.DuplicatePort,
            "spec.ports[1]"
        },
        { "no eligible node", Bad(spec: "nodeSelector: {edge: 'true'}"), Reasons.NoEligibleNode, "edge=true" },
    };

    [Fact]
    public async Task Pool_SelectorMatchesNothing_IsReportedAtBoth()
    {
        var (url, agents, _) = await _cluster.StartControllerAsync();
        await ConnectAsync(url, agents);
        await ApplyExampleAsync();
        await _cluster.ApplyAsync("""
            apiVersion: mooring.dev/v1alpha1
            kind: BackendPool
            metadata: {name: empty, namespace: default}
            spec:
              selector: {app: nothing}
            """);
        await _cluster.ApplyAsync(Bad(pool: "empty"));

        var vip = await _cluster.WaitForConditionAsync("bad", "Ready", "False", Reasons.NoMatchingEndpoints);

        vip.Status!.Conditions!.Single(condition => condition.Type == "Ready").Message!.ShouldContain("app=nothing");
        await _cluster.WaitForConditionAsync("web", "Ready", "True");
        var pool = await _cluster.Client.GetAsync<Mooring.Api.V1Alpha1.V1Alpha1BackendPool>(
            "empty", "default", TestContext.Current.CancellationToken);
        pool!.Status!.Total.ShouldBe(0);
    }

    [Fact]
    public async Task Vip_Deleted_IsWithdrawnFromEveryAgent()
    {
        var (url, agents, _) = await _cluster.StartControllerAsync();
        await ConnectAsync(url, agents);
        await ApplyExampleAsync();
        await _cluster.WaitForConditionAsync("web", "Ready", "True");

        await _cluster.Client.DeleteAsync<Mooring.Api.V1Alpha1.V1Alpha1VirtualIp>(
            "web", "default", cancellationToken: TestContext.Current.CancellationToken);

        await Until.TrueAsync(
            () => _agents.TrueForAll(agent => agent.Current!.VirtualIps.IsEmpty && agent.Current.BackendSets.IsEmpty), "withdrawn");
    }

    private static string Bad(
        string address = "10.70.0.101", int port = 80, string pool = "web", string more = "", string spec = "forwarding: Auto") =>
        Vip($"addresses: ['{address}']\n  {spec}", $"{{name: http, port: {port}, backendPool: {pool}, targetPort: 8080{more}}}");

    private static string Vip(string spec, params string[] ports) => $"""
        apiVersion: mooring.dev/v1alpha1
        kind: VirtualIp
        metadata: {"{"}name: bad, namespace: default{"}"}
        spec:
          {spec}
          ports:
          - {string.Join("\n  - ", ports)}
        """;

    private async Task ApplyExampleAsync() => await _cluster.ApplyAsync(await File.ReadAllTextAsync(
        Path.Combine(TestCluster.Root(), "manifests/examples/web.yaml"), TestContext.Current.CancellationToken));

    private async Task ConnectAsync(
        string url, AgentRegistry agents, Dictionary<string, IReadOnlyDictionary<string, ulong>>? held = null)
    {
        for (var i = 1; i <= 3; i++)
        {
            var node = $"node-{i}";
            await ConnectOneAsync(url, agents, node, held?[node] ?? new Dictionary<string, ulong>());
        }
    }

    /// <summary>Tries again while the controller does not serve yet, as an agent does.</summary>
    private async Task ConnectOneAsync(
        string url, AgentRegistry agents, string node, IReadOnlyDictionary<string, ulong> held, Action<Hello>? hello = null)
    {
        FakeAgent? agent = null;
        await Until.TrueAsync(
            async () =>
            {
                agent ??= await FakeAgent.ConnectAsync(
                    url, node, $"10.70.0.1{node[^1]}", hello, claims: true, held: [.. held.Select(claim => (claim.Key, claim.Value))]);
                if (agent.Ended is not null)
                {
                    await agent.DisposeAsync();
                    agent = null;
                    return false;
                }

                return agents.View().Agents.TryGetValue(node, out var facts) && facts.Presence == AgentPresence.Connected;
            },
            () => $"connected {node}");
        _agents.Add(agent!);
    }

    private async Task DisconnectAsync()
    {
        foreach (var agent in _agents)
        {
            await agent.DisposeAsync();
        }

        _agents.Clear();
    }

    private FakeAgent Holder() => _agents.Single(agent => agent.Held.ContainsKey("10.70.0.100"));

    private VirtualIpIntent Intent(string name) => _agents[0].Current!.VirtualIps.Single(vip => vip.Key.Name == name);

    private Task AllSeeAsync(string pod, BackendCondition condition) => Until.TrueAsync(
        () => _agents.TrueForAll(agent => agent.Current!.BackendSets[0].Backends
            .Single(backend => backend.DisplayName == pod).Condition == condition),
        $"{pod} is {condition} at every agent");
}
