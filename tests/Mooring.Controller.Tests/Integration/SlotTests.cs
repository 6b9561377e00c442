using Mooring.Controller.Agents;
using Mooring.Core.Placement;
using Mooring.Core.Snapshots;
using Mooring.Protocol.Snapshots;
using Mooring.Protocol.V1Alpha1;
using AddressFamily = System.Net.Sockets.AddressFamily;

namespace Mooring.Controller.Tests.Integration;

/// <summary>The slots of backend sets in Direct mode, as the agents get them.</summary>
public sealed class SlotTests : IAsyncLifetime
{
    private readonly List<FakeAgent> _agents = [];
    private TestCluster _cluster = null!;

    public async ValueTask InitializeAsync() => _cluster = await TestCluster.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await DisconnectAsync();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task Pool_Changes_AreGenerationsThatOutliveTheController()
    {
        var (url, agents, app) = await _cluster.StartControllerAsync();
        await ConnectAsync(url, agents, _ => { });
        await _cluster.ApplyAsync(await File.ReadAllTextAsync(
            Path.Combine(TestCluster.Root(), "manifests/examples/web.yaml"), TestContext.Current.CancellationToken));
        await _cluster.WaitForConditionAsync("web", "Ready", "True");
        var first = await SlotsAsync(slots => slots.Members.Length == 3);
        first.Previous.ShouldBeEmpty();

        await _cluster.SetPodReadyAsync("web-3", ready: false);
        var second = await SlotsAsync(slots => slots.Members.Length == 2);

        second.Generation.ShouldBeGreaterThan(first.Generation);
        second.PreviousNodes.ShouldContain("node-3");
        (await _cluster.VipAsync())!.Status!.Forwarding!.Mode.ShouldBe("Direct");
        var last = _agents[0].Current!;
        await _cluster.StopAsync(app);
        await DisconnectAsync();

        // While nobody decides, a pod comes back: the new controller publishes what follows from what the agents had.
        await _cluster.SetPodReadyAsync("web-3", ready: true);
        var (next, nextAgents, _) = await _cluster.StartControllerAsync("two");
        await ConnectAsync(next, nextAgents, hello =>
        {
            hello.AppliedRevision = last.Revision;
            hello.Slots.AddRange(SlotReports.ToProto(last));
        });

        var third = await SlotsAsync(slots => slots.Members.Length == 3);
        third.Generation.ShouldBeGreaterThan(second.Generation);
        third.Owners.ShouldBe(first.Owners, "a pool that is as it was has the table it had");
        for (var slot = 0; slot < third.Size; slot++)
        {
            third.HistoryOf(slot).ShouldBe(
                third.OwnerOf(slot) == second.OwnerOf(slot) ? second.HistoryOf(slot) : [second.OwnerOf(slot).Node!]);
        }
    }

    private async Task<SlotAssignment> SlotsAsync(Func<SlotAssignment, bool> condition)
    {
        await Until.TrueAsync(
            () => _agents.TrueForAll(agent => Slots(agent) is { } slots && condition(slots)), "every agent has the slots");
        return Slots(_agents[0])!;
    }

    private static SlotAssignment? Slots(FakeAgent agent) =>
        agent.Current?.BackendSets.FirstOrDefault()?.SlotsOf(AddressFamily.InterNetwork);

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
