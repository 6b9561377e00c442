using Grpc.Core;
using k8s.Models;
using Mooring.Controller.Agents;
using Mooring.Controller.Validation;
using Mooring.Core.Placement;
using Mooring.Core.Snapshots;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Controller.Tests.Integration;

// Holders and controllers that die, and who follows.
public sealed partial class ControllerTests
{
    [Fact]
    public async Task Holder_Dies_StatusAndEventTellTheStory()
    {
        var (url, agents, _) = await _cluster.StartControllerAsync();
        await ConnectAsync(url, agents);
        await ApplyExampleAsync();
        var first = (await _cluster.WaitForConditionAsync("web", "Ready", "True")).Status!.Holder!;
        await KillAsync(first);
        var second = _agents[0];

        await second.TakeAsync("10.70.0.100", 2, first);
        var vip = await _cluster.WaitForVipAsync("web", status => status.Holder == second.Node, "moved");

        var failover = vip.Status!.LastFailover!;
        (failover.From, failover.To, failover.Reason, failover.DetectMillis, failover.TakeoverMillis)
            .ShouldBe((first, second.Node, "HeartbeatTimeout", 301, 2));
        vip.Status.Term.ShouldBe(2);
        await _cluster.WaitForEventAsync(
            "web",
            "HolderChanged",
            $"10.70.0.100 moved from {first} (HeartbeatTimeout) to {second.Node}, term 2, detected in 301 ms, announced 2 ms later");
        vip = await _cluster.WaitForVipAsync(
            "web",
            status => status.Candidates!.Any(node => node.Node == first && node.Reason == "AgentNotConnected"),
            "the dead node is no candidate any more");
        vip.Status!.Candidates![0].Node.ShouldBe(second.Node);
    }

    [Fact]
    public async Task Controller_Restarts_AdoptsTheHolder()
    {
        var (url, agents, app) = await _cluster.StartControllerAsync();
        await ConnectAsync(url, agents);
        await ApplyExampleAsync();
        var status = (await _cluster.WaitForConditionAsync("web", "Ready", "True")).Status!;
        var revision = agents.Published!.Revision;
        await _cluster.StopAsync(app);
        var held = _agents.ToDictionary(agent => agent.Node, agent => agent.Held);
        await DisconnectAsync();

        var (next, nextAgents, _) = await _cluster.StartControllerAsync("two");
        foreach (var node in new[] { "node-3", "node-1", "node-2" })
        {
            await ConnectOneAsync(next, nextAgents, node, held[node], hello => hello.AppliedRevision = revision);
        }

        await Until.TrueAsync(() => _agents.TrueForAll(agent => agent.Current is not null), "snapshots");
        foreach (var agent in _agents)
        {
            agent.Current!.Revision.ShouldBeGreaterThan(revision);
            agent.Current.VirtualIps.ShouldHaveSingleItem().Addresses[0].Candidates[0].ShouldBe(status.Holder);
        }

        var after = (await _cluster.VipAsync())!.Status!;
        (after.Holder, after.Term, after.HolderSince).ShouldBe((status.Holder, status.Term, status.HolderSince));
        after.LastFailover.ShouldBeNull();
        nextAgents.View().Failovers.ShouldBeEmpty();
    }

    [Fact]
    public async Task Controller_RestartsAfterAnUnseenFailover_AdoptsTheNewHolder()
    {
        var (url, agents, app) = await _cluster.StartControllerAsync();
        await ConnectAsync(url, agents);
        await ApplyExampleAsync();
        var old = (await _cluster.WaitForConditionAsync("web", "Ready", "True")).Status!.Holder!;
        await _cluster.StopAsync(app);
        await DisconnectAsync();
        var others = new[] { "node-1", "node-2", "node-3" }.Where(node => node != old).ToArray();

        // The old holder's machine stays dead; the wait for it is bounded.
        var (next, nextAgents, _) = await _cluster.StartControllerAsync("two", adoptionSeconds: 2);
        await ConnectOneAsync(next, nextAgents, others[0], new Dictionary<string, ulong> { ["10.70.0.100"] = 2 });
        await ConnectOneAsync(next, nextAgents, others[1], new Dictionary<string, ulong>());

        var vip = await _cluster.WaitForVipAsync("web", status => status.Holder == others[0], "adopted");
        vip.Status!.Term.ShouldBe(2);
        await _agents[0].TakeAsync("10.70.0.100", 2, old);
        await _cluster.WaitForEventAsync(
            "web", "HolderChanged", $"moved from {old} (HeartbeatTimeout) to {others[0]}, term 2, detected in 301 ms");
        await Until.TrueAsync(
            () => _agents[0].Current?.VirtualIps is [{ } published] && published.Addresses[0].Candidates[0] == others[0],
            "ranked first");
    }

    [Fact]
    public async Task Replicas_Two_OneLeadsAndTheOtherFollowsOn()
    {
        var (firstUrl, firstAgents, first) = await _cluster.StartControllerAsync("one", leaderElect: true);
        await Until.TrueAsync(
            async () => (await _cluster.Client.GetAsync<V1Lease>(
                "mooring-controller", "mooring-system", TestContext.Current.CancellationToken))?.Spec?.HolderIdentity == "one",
            () => "one leads");
        var (secondUrl, secondAgents, _) = await _cluster.StartControllerAsync("two", leaderElect: true);
        await using (var refused = await FakeAgent.ConnectAsync(secondUrl, "node-1"))
        {
            await Until.TrueAsync(() => refused.Ended is not null, "refused");
            refused.Ended!.StatusCode.ShouldBe(StatusCode.Unavailable);
        }

        await ConnectAsync(firstUrl, firstAgents);
        await ApplyExampleAsync();
        var holder = (await _cluster.WaitForConditionAsync("web", "Ready", "True")).Status!.Holder!;
        var held = _agents.ToDictionary(agent => agent.Node, agent => agent.Held);

        await _cluster.StopAsync(first);
        await DisconnectAsync();
        await ConnectAsync(secondUrl, secondAgents, held);

        await Until.TrueAsync(() => _agents.TrueForAll(agent => agent.Current is not null), "snapshots of the second");
        _agents[0].Current!.VirtualIps[0].Addresses[0].Candidates[0].ShouldBe(holder);
    }

    private async Task KillAsync(string node)
    {
        var agent = _agents.Single(candidate => candidate.Node == node);
        _agents.Remove(agent);
        await agent.DisposeAsync();
    }
}
