using System.Collections.Immutable;
using k8s.Models;
using Mooring.Controller.Agents;
using Mooring.Controller.Trust;

namespace Mooring.Controller.Tests.Integration;

public sealed class HeartbeatKeyTests : IAsyncLifetime
{
    private TestCluster _cluster = null!;

    public async ValueTask InitializeAsync() => _cluster = await TestCluster.StartAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Secret_Empty_IsFilled()
    {
        await CreateEmptyAsync();
        var (url, agents, _) = await StartAsync();
        await using var agent = await ConnectAsync(url, agents, "node-1");

        await Until.TrueAsync(() => agent.Current is not null, "a snapshot came");

        agent.Current!.HeartbeatKeys.ShouldHaveSingleItem().Secret.ShouldBe((await SecretAsync()).Data!["key"]);
    }

    [Fact]
    public async Task Rotate_Requested_EachStepComesWhenAllAgentsHaveTheOneBefore()
    {
        var (url, agents, _) = await StartAsync();
        await using var one = await ConnectAsync(url, agents, "node-1");
        await Until.TrueAsync(() => one.Current is not null, "a snapshot came");
        await using var silent = await FakeAgent.ConnectAsync(url, "node-2", "10.70.0.12", acks: false);
        await Until.TrueAsync(() => silent.Current is not null, "a snapshot came");

        await RotateAsync();
        await Until.TrueAsync(() => Ids(one) is [1, 2], "both keys are accepted");
        await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System, TestContext.Current.CancellationToken);
        Ids(one).ShouldBe([1, 2], "an agent has not said that it has the new one");

        // Its next stream takes the place of the one that says nothing.
        await using var talking = await ConnectAsync(url, agents, "node-2");
        await Until.TrueAsync(() => Ids(one) is [2, 1], "the new one signs");
        await Until.TrueAsync(() => Ids(one) is [2], "the old one is gone");
        Ids(talking).ShouldBe([2]);
        var secret = await SecretAsync();
        secret.Data!.Keys.Order().ShouldBe(["id", "key", "made", "since"]);
        secret.Metadata.Annotations?.Keys.ShouldNotContain(AuthorityStore.RotateAnnotation);
    }

    [Fact]
    public async Task Rotate_LeaderReplacedInBetween_IsFinishedByTheNext()
    {
        var (url, agents, app) = await StartAsync();
        await using (var one = await FakeAgent.ConnectAsync(url, "node-1", acks: false))
        {
            await Until.TrueAsync(() => one.Current is not null, "a snapshot came");
            await RotateAsync();
            await Until.TrueAsync(() => Ids(one) is [1, 2], "both keys are accepted");
        }

        await _cluster.StopAsync(app);
        (url, agents, _) = await StartAsync("two");
        await using var again = await ConnectAsync(url, agents, "node-1");

        await Until.TrueAsync(() => Ids(again) is [2], "the old one is gone");
    }

    [Fact]
    public async Task Secret_ChangedByHand_IsTakenWithoutARestart()
    {
        var (url, agents, _) = await StartAsync();
        await using var agent = await ConnectAsync(url, agents, "node-1");
        await Until.TrueAsync(() => agent.Current is not null, "a snapshot came");
        var secret = await SecretAsync();
        secret.Data!["other-id"] = "9"u8.ToArray();
        secret.Data["other-key"] = new byte[32];

        await _cluster.Client.UpdateAsync(secret, TestContext.Current.CancellationToken);

        await Until.TrueAsync(() => Ids(agent) is [1, 9], "both keys are accepted");
    }

    private static ImmutableArray<byte> Ids(FakeAgent agent) =>
        agent.Current is { } snapshot ? [.. snapshot.HeartbeatKeys.Select(key => key.Id)] : [];

    private async Task<(string Url, AgentRegistry Agents, Microsoft.AspNetCore.Builder.WebApplication App)> StartAsync(
        string identity = "one")
    {
        var started = await _cluster.StartControllerAsync(identity, adoptionSeconds: 0);
        await Until.TrueAsync(() => started.Agents.Published is not null, "it serves");
        return started;
    }

    private static Task<FakeAgent> ConnectAsync(string url, AgentRegistry agents, string node) =>
        TestCluster.ConnectAgentAsync(url, agents, node);

    private async Task<V1Secret> SecretAsync() => (await _cluster.Client.GetAsync<V1Secret>(
        HeartbeatKeyStore.SecretName, "mooring-system", TestContext.Current.CancellationToken))!;

    private Task CreateEmptyAsync() => _cluster.Client.CreateAsync(
        new V1Secret
        {
            Metadata = new V1ObjectMeta { Name = HeartbeatKeyStore.SecretName, NamespaceProperty = "mooring-system" },
            Type = "Opaque",
        },
        TestContext.Current.CancellationToken);

    private async Task RotateAsync()
    {
        var secret = await SecretAsync();
        secret.Metadata.Annotations = new Dictionary<string, string> { [AuthorityStore.RotateAnnotation] = "now" };
        await _cluster.Client.UpdateAsync(secret, TestContext.Current.CancellationToken);
    }
}
