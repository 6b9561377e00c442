using k8s;
using k8s.Models;
using Mooring.Api.V1Alpha1;
using Mooring.Core.Placement;
using Mooring.Controller.Agents;
using AgentMessage = Mooring.Protocol.V1Alpha1.AgentMessage;

namespace Mooring.Controller.Tests.Integration;

/// <summary>Planned moves through the API server, the controller and the protocol.</summary>
public sealed class MoveTests : IAsyncLifetime
{
    private const string Address = "10.70.0.100";
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
    public async Task Drain_AnnotatedAndBack_MovesOnceAndStays()
    {
        var first = await HeldAsync();

        await AnnotateAsync(first, "true");
        var moved = (await _cluster.WaitForVipAsync(
            "web",
            status => status.Holder is { } now && now != first && status.Candidates!.Any(node => node.Reason == "Draining"),
            "moved away")).Status!;

        moved.LastFailover!.Reason.ShouldBe("Planned");
        moved.Candidates!.Single(node => node.Reason == "Draining").Node.ShouldBe(first);
        await _cluster.WaitForEventAsync("web", "HolderChanged", $"{Address} moved from {first} (Planned) to {moved.Holder}");
        await Until.TrueAsync(
            () => _agents.TrueForAll(agent => Intent(agent) is { Move: null } intent && intent.Candidates[0] == moved.Holder
                && !intent.Candidates.Contains(first)),
            "the move is over");

        await AnnotateAsync(first, null);
        var back = await _cluster.WaitForVipAsync("web", status => status.Candidates!.All(node => node.Eligible), "undrained");
        back.Status!.Holder.ShouldBe(moved.Holder, "Manual failback leaves it");
        back.Status.Candidates!.ShouldAllBe(node => node.Reason != "RecentlyFailed", "a planned move is no failure");
    }

    [Fact]
    public async Task Facts_HolderCanForwardByNoMode_MovesAndComesBackOnlyForWantOfOthers()
    {
        var first = await HeldAsync();

        await _agents.Single(agent => agent.Node == first).SendAsync(NoModes(first));
        var moved = (await _cluster.WaitForVipAsync("web", status => status.Holder is { } now && now != first, "moved away")).Status!;

        moved.LastFailover!.Reason.ShouldBe("Planned");
        var candidate = moved.Candidates!.Single(node => node.Node == first);
        (candidate.Eligible, candidate.Reason, candidate.Message).ShouldBe((false, "CannotForward", "libnftables.so.1 is missing"));

        foreach (var agent in _agents)
        {
            await agent.SendAsync(NoModes(agent.Node));
        }

        var nobodyCan = await _cluster.WaitForVipAsync("web", status => status.Candidates!.All(node => node.Eligible), "all are candidates again");
        nobodyCan.Status!.Holder.ShouldBe(moved.Holder);
    }

    [Fact]
    public async Task MoveTo_NodeAskedForByName_GetsTheAddressAtOnceAndKeepsIt()
    {
        var first = await HeldAsync();
        var wanted = first == "node-3" ? "node-2" : "node-3";

        await _cluster.Client.PatchAsync<V1Alpha1VirtualIp>(
            new V1Patch($$$$"""{"metadata":{"annotations":{"mooring.dev/move-to":"{{{{wanted}}}}"}}}""", V1Patch.PatchType.MergePatch), "web", "default");
        var moved = await _cluster.WaitForVipAsync("web", status => status.Holder == wanted, "moved by name");
        moved.Status!.LastFailover!.Reason.ShouldBe("Planned");

        await _cluster.Client.PatchAsync<V1Alpha1VirtualIp>(
            new V1Patch("""{"metadata":{"annotations":{"mooring.dev/move-to":null}}}""", V1Patch.PatchType.MergePatch), "web", "default");
        await Until.TrueAsync(
            () => _agents.TrueForAll(agent => Intent(agent) is { Move: null } intent && intent.Candidates[0] == wanted), "it stays");
    }

    [Fact]
    public async Task Failback_Automatic_GivesTheAddressBackAfterTheDelay()
    {
        var first = await HeldAsync("failback: Automatic", TimeSpan.FromSeconds(1));
        await AnnotateAsync(first, "true");
        await _cluster.WaitForVipAsync("web", status => status.Holder != first, "moved away");

        await AnnotateAsync(first, null);

        await _cluster.WaitForVipAsync(
            "web", status => status.Candidates!.Any(node => node.Reason == "MoveWaiting"), "waits until it has stayed");
        await _cluster.WaitForVipAsync("web", status => status.Holder == first, "back");
    }

    private static AgentMessage NoModes(string node)
    {
        var facts = FakeAgent.Facts($"10.70.0.1{node[^1]}");
        facts.ForwardingModes.Clear();
        facts.Problems.Add("libnftables.so.1 is missing");
        return new AgentMessage { Facts = facts };
    }

    /// <returns>The holder.</returns>
    private async Task<string> HeldAsync(string spec = "failback: Manual", TimeSpan? failbackDelay = null)
    {
        var (url, agents, _) = await _cluster.StartControllerAsync(
            configure: options => options.FailbackDelay = failbackDelay ?? options.FailbackDelay);
        for (var i = 1; i <= 3; i++)
        {
            await ConnectAsync(url, agents, $"node-{i}");
        }

        var example = await File.ReadAllTextAsync(
            Path.Combine(TestCluster.Root(), "manifests/examples/web.yaml"), TestContext.Current.CancellationToken);
        await _cluster.ApplyAsync(example.Replace("spec:\n  addresses", $"spec:\n  {spec}\n  addresses", StringComparison.Ordinal));
        return (await _cluster.WaitForConditionAsync("web", "Ready", "True")).Status!.Holder!;
    }

    private async Task ConnectAsync(string url, AgentRegistry agents, string node)
    {
        await Until.TrueAsync(
            async () =>
            {
                var agent = await FakeAgent.ConnectAsync(url, node, $"10.70.0.1{node[^1]}", claims: true);
                await Until.TrueAsync(
                    () => agent.Ended is not null || agents.View().Agents.GetValueOrDefault(node)?.Presence == AgentPresence.Connected,
                    $"{node} connected or refused");
                if (agent.Ended is not null)
                {
                    await agent.DisposeAsync();
                    return false;
                }

                _agents.Add(agent);
                return true;
            },
            () => $"connected {node}");
    }

    private Task AnnotateAsync(string node, string? value) => _cluster.Client.PatchAsync<V1Node>(
        new V1Patch(
            """{"metadata":{"annotations":{"NAME":VALUE}}}"""
                .Replace("NAME", NodeFacts.DrainAnnotation, StringComparison.Ordinal)
                .Replace("VALUE", value is null ? "null" : $"\"{value}\"", StringComparison.Ordinal),
            V1Patch.PatchType.MergePatch),
        node,
        cancellationToken: TestContext.Current.CancellationToken);

    private static Mooring.Core.Snapshots.AddressIntent Intent(FakeAgent agent) =>
        agent.Current!.VirtualIps[0].Addresses[0];
}
