using Mooring.Controller.Agents;
using Mooring.Core.Placement;
using Mooring.Core.Snapshots;
using Mooring.Protocol.Snapshots;
using Mooring.Protocol.V1Alpha1;
using BackendSet = Mooring.Core.Snapshots.BackendSet;

namespace Mooring.Controller.Tests.Integration;

/// <summary>Weights that follow the load, as the agents get them.</summary>
public sealed class LoadWeightTests : IAsyncLifetime
{
    private readonly List<FakeAgent> _agents = [];
    private TestCluster _cluster = null!;

    public async ValueTask InitializeAsync() => _cluster = await TestCluster.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await DisconnectAsync();
        await _cluster.DisposeAsync();
    }

    [Theory]
    [InlineData("LeastConnections")]
    [InlineData("LeastResponseTime")]
    public async Task Loads_OneEndpointIsBusier_ItsWeightFallsAndOutlivesTheController(string algorithm)
    {
        var (url, agents, app) = await _cluster.StartControllerAsync();
        await ConnectAsync(url, agents, _ => { });
        var yaml = await File.ReadAllTextAsync(
            Path.Combine(TestCluster.Root(), "manifests/examples/web.yaml"), TestContext.Current.CancellationToken);
        await _cluster.ApplyAsync(yaml.Replace("  selector:", $"  algorithm: {algorithm}\n  selector:", StringComparison.Ordinal));
        await _cluster.WaitForConditionAsync("web", "Ready", "True");
        await Until.TrueAsync(() => Set(_agents[0])?.Backends.Length == 3, "three backends");
        var id = Set(_agents[0])!.Id;
        Set(_agents[0])!.Backends.ShouldAllBe(backend => backend.Weight == 1);

        // Each node counts the connections of its own pod; the holder checks all.
        for (var i = 1; i <= 3; i++)
        {
            await _agents[i - 1].SendAsync(Loads(id, i, busy: 2));
        }

        await Until.TrueAsync(() => Weights(_agents[0]) is [var one, var two, var three] && two < one / 2 && two < three / 2, "weights follow");
        var last = _agents[0].Current!;
        foreach (var agent in _agents)
        {
            await Until.TrueAsync(() => agent.Current!.Revision >= last.Revision, "the same on every node");
        }

        Set(_agents[0])!.Slots[0].Owners.Count(owner => owner == 1).ShouldBeLessThan(64, "slots follow the weights");
        await _cluster.StopAsync(app);
        last = _agents[0].Current!;
        await DisconnectAsync();

        // Of the new controller nothing is known to be busy: it goes on with what is there.
        var (next, nextAgents, _) = await _cluster.StartControllerAsync("two");
        await ConnectAsync(next, nextAgents, hello =>
        {
            hello.AppliedRevision = last.Revision;
            hello.Slots.AddRange(SlotReports.ToProto(last));
            hello.Weights.AddRange(WeightReports.ToProto(last));
        });
        await Until.TrueAsync(() => _agents.TrueForAll(agent => agent.Current?.Revision > last.Revision), "a snapshot of the new one");

        Weights(_agents[0]).ShouldBe(Weights(last));
        Set(_agents[0])!.Slots[0].Owners.ShouldBe(last.BackendSets[0].Slots[0].Owners);
    }

    private static AgentMessage Loads(string set, int node, int busy)
    {
        var report = new LoadReport();
        for (var pod = 1; pod <= 3; pod++)
        {
            report.Endpoints.Add(new EndpointLoad
            {
                BackendSetId = set,
                Address = $"10.71.{pod}.2",
                Port = 8080,
                Connections = pod != node ? 0u : pod == busy ? 5000u : 500u,
                ResponseTime = Google.Protobuf.WellKnownTypes.Duration.FromTimeSpan(TimeSpan.FromMilliseconds(pod == busy ? 200 : 10)),
            });
        }

        return new AgentMessage { Load = report };
    }

    private static int[]? Weights(FakeAgent agent) => agent.Current is { } snapshot ? Weights(snapshot) : null;

    private static int[] Weights(ClusterSnapshot snapshot) => [.. snapshot.BackendSets[0].Backends.Select(backend => backend.Weight)];

    private static BackendSet? Set(FakeAgent agent) => agent.Current?.BackendSets.FirstOrDefault();

    private async Task ConnectAsync(string url, AgentRegistry agents, Action<Hello> introduce)
    {
        foreach (var node in (string[])["node-1", "node-2", "node-3"])
        {
            FakeAgent? agent = null;
            await Until.TrueAsync(
                async () =>
                {
                    agent = await FakeAgent.ConnectAsync(
                        url,
                        node,
                        $"10.70.0.1{node[^1]}",
                        hello =>
                        {
                            hello.Facts.ForwardingModes.Add(FactsMapping.ToProto(Core.Snapshots.ForwardingMode.Direct));
                            introduce(hello);
                        },
                        claims: true);
                    await Until.TrueAsync(
                        () => agent.Ended is not null || agents.View().Agents.GetValueOrDefault(node)?.Presence == AgentPresence.Connected, $"{node} connected or refused");
                    if (agent.Ended is null)
                    {
                        return true;
                    }

                    await agent.DisposeAsync();
                    return false;
                },
                () => $"connected {node}");
            _agents.Add(agent!);
        }
    }

    private async Task DisconnectAsync()
    {
        foreach (var agent in _agents)
        {
            await agent.DisposeAsync();
        }

        _agents.Clear();
    }
}
