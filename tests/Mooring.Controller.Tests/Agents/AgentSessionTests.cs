using System.Collections.Immutable;
using System.Net;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Mooring.Controller.Agents;
using Mooring.Controller.Agents.Admission;
using Mooring.Controller.World;
using Mooring.Core.Placement;
using Mooring.Core.Snapshots;
using Mooring.Protocol.Snapshots;
using Mooring.Protocol.V1Alpha1;

using HeartbeatKey = Mooring.Core.Snapshots.HeartbeatKey;

namespace Mooring.Controller.Tests.Agents;

/// <summary>The controller's end of the streams, over real gRPC.</summary>
public sealed class AgentSessionTests : IAsyncLifetime
{
    private static readonly IPAddress Address = IPAddress.Parse("10.70.0.100");
    private WebApplication _app = null!;
    private AgentRegistry _registry = null!;
    private string _url = "";

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2);
            kestrel.Limits.MaxRequestBodySize = null;
        });
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = SnapshotLimits.MaxAgentMessageBytes);
        builder.Services.AddOptions<ControllerOptions>().Configure(options => options.AgentGrace = TimeSpan.FromMilliseconds(100));
        builder.Services.AddSingleton<AgentRegistry>();
        builder.Services.AddSingleton<AgentGrpcService>();
        builder.Services.AddMetrics();
        builder.Services.AddSingleton<AgentConnectionMetrics>();
        builder.Services.AddSingleton<WholeSnapshotGate>();
        builder.Services.AddSingleton<IAgentAuthenticator, NoAuthenticator>();
        _app = builder.Build();
        _app.MapGrpcService<AgentGrpcService>();
        await _app.StartAsync(TestContext.Current.CancellationToken);
        _url = _app.Urls.Single();
        _registry = _app.Services.GetRequiredService<AgentRegistry>();
        _registry.Begin(ImmutableDictionary<IPAddress, HolderClaim>.Empty, [], FailureMemory.Empty);
    }

    public async ValueTask DisposeAsync()
    {
        _registry.End();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task Connect_Published_SendsTheWholeThenDeltas()
    {
        Publish(1);
        await using var agent = await FakeAgent.ConnectAsync(_url, "node-1");
        await ReachesAsync(agent, 1);

        Publish(2, "node-9");
        await ReachesAsync(agent, 2);

        agent.Received.ShouldBe([ControllerMessage.MessageOneofCase.Snapshot, ControllerMessage.MessageOneofCase.Delta]);
        agent.Current!.Nodes.ShouldHaveSingleItem().Name.ShouldBe("node-9");
        await Until.TrueAsync(() => _registry.MaxAppliedRevision == 2, "acknowledged");
    }

    [Fact]
    public async Task Connect_NotLeading_IsUnavailable()
    {
        _registry.End();

        await using var agent = await FakeAgent.ConnectAsync(_url, "node-1");

        await EndsAsync(agent, StatusCode.Unavailable);
    }

    [Fact]
    public async Task End_WithStreams_ClosesThemAsUnavailable()
    {
        Publish(1);
        await using var agent = await FakeAgent.ConnectAsync(_url, "node-1");
        await ReachesAsync(agent, 1);

        _registry.End();

        await EndsAsync(agent, StatusCode.Unavailable);
    }

    [Fact]
    public async Task Connect_SameNodeAgain_ReplacesTheOlder()
    {
        Publish(1);
        await using var older = await FakeAgent.ConnectAsync(_url, "node-1");
        await ReachesAsync(older, 1);

        await using var newer = await FakeAgent.ConnectAsync(_url, "node-1");

        await ReachesAsync(newer, 1);
        await EndsAsync(older, StatusCode.Aborted);
        _registry.View().Agents["node-1"].Presence.ShouldBe(AgentPresence.Connected);
    }

    [Theory]
    [InlineData("", 1, StatusCode.InvalidArgument)]
    [InlineData("../node", 1, StatusCode.InvalidArgument)]
    [InlineData("node-1", 0, StatusCode.FailedPrecondition)]
    public async Task Connect_BadHello_IsRefused(string node, uint version, StatusCode code)
    {
        await using var agent = await FakeAgent.ConnectAsync(_url, node, hello: hello => hello.ProtocolVersion = version);

        await EndsAsync(agent, code);
        _registry.View().Agents.ShouldBeEmpty();
    }

    [Fact]
    public async Task Connect_OversizedMessage_EndsThatStreamOnly()
    {
        Publish(1);
        await using var good = await FakeAgent.ConnectAsync(_url, "node-1");
        await ReachesAsync(good, 1);

        await using var bad = await FakeAgent.ConnectAsync(
            _url, "node-2", hello: hello => hello.BootId = new string('x', SnapshotLimits.MaxAgentMessageBytes + 1));

        await EndsAsync(bad, StatusCode.ResourceExhausted);
        Publish(2);
        await ReachesAsync(good, 2);
    }

    [Fact]
    public async Task Connect_UnreadableFacts_KeepsTheStreamAndSaysWhy()
    {
        Publish(1);
        await using var agent = await FakeAgent.ConnectAsync(
            _url, "node-1", hello: hello => hello.Facts.Interfaces[0].Addresses[0] = "10.70.0.11/99");

        await ReachesAsync(agent, 1);

        var facts = _registry.View().Agents["node-1"];
        facts.Interfaces.ShouldBeEmpty();
        facts.Problems.ShouldHaveSingleItem().ShouldContain("interfaces[0].addresses[0]");
    }

    [Fact]
    public async Task Hello_Holder_IsAdopted()
    {
        await using var agent = await FakeAgent.ConnectAsync(_url, "node-1", held: ("10.70.0.100", 7));

        await Until.TrueAsync(() => _registry.View().Holders.ContainsKey(Address), "held");

        _registry.View().Holders[Address].ShouldBe(new HolderClaim("node-1", 7, new DateTimeOffset(Fixtures.Now)));
    }

    [Fact]
    public async Task HolderReport_Takeover_IsAMoveWithItsStory()
    {
        await using var first = await FakeAgent.ConnectAsync(_url, "node-1", held: ("10.70.0.100", 1));
        await Until.TrueAsync(() => _registry.View().Holders.ContainsKey(Address), "held");
        await using var second = await FakeAgent.ConnectAsync(_url, "node-2", "10.70.0.12");

        await second.TakeAsync("10.70.0.100", 2, "node-1");
        await Until.TrueAsync(() => _registry.View().Holders[Address].Node == "node-2", "moved");

        var move = _registry.View().Failovers[Address];
        (move.From, move.Reason, move.Detect, move.Takeover)
            .ShouldBe(("node-1", "HeartbeatTimeout", TimeSpan.FromMilliseconds(301), TimeSpan.FromMilliseconds(2)));
        await Until.TrueAsync(() => !_registry.Drain(out _, out _), "all told");
    }

    [Fact]
    public async Task HolderReport_GarbageAddress_IsIgnored()
    {
        Publish(1);
        await using var agent = await FakeAgent.ConnectAsync(_url, "node-1");
        await agent.TakeAsync("not an address", 1);
        await agent.SendAsync(new AgentMessage { Conflict = new ConflictReport { Address = "?" } });
        await agent.SendAsync(new AgentMessage());

        Publish(2);
        await ReachesAsync(agent, 2);

        _registry.View().Holders.ShouldBeEmpty();
    }

    [Fact]
    public async Task HealthReport_Verdict_IsKeptWhileItsEndpointIs()
    {
        await using var agent = await FakeAgent.ConnectAsync(_url, "node-1");
        await agent.ReportHealthAsync("default/web:8080", "10.71.1.2", 8080, false, "refused");
        await Until.TrueAsync(() => _registry.View().Health.GetValueOrDefault("node-1")?.Count == 1, "reported");

        Publish(1);

        _registry.View().Health["node-1"].ShouldBeEmpty();
    }

    [Fact]
    public async Task Ack_Refused_GetsTheWholeOnceMore()
    {
        Publish(1);
        await using var agent = await FakeAgent.ConnectAsync(_url, "node-1", acks: false);
        await ReachesAsync(agent, 1);
        Publish(2, "node-9");
        await ReachesAsync(agent, 2);

        await RefuseAsync(agent, 2);
        await Until.TrueAsync(() => Count(agent) == 3, "the whole again");
        await RefuseAsync(agent, 2);
        Publish(3, "node-8");
        await ReachesAsync(agent, 3);

        agent.Received[2].ShouldBe(ControllerMessage.MessageOneofCase.Snapshot);
        Count(agent).ShouldBe(4);
        _registry.View().Refusals["node-1"].ShouldHaveSingleItem().Message.ShouldBe("no");
    }

    [Fact]
    public async Task Connect_AgentAheadOfTheController_WaitsForANewerRevision()
    {
        Publish(5);
        await using var agent = await FakeAgent.ConnectAsync(_url, "node-1", hello: hello => hello.AppliedRevision = 9);
        await Until.TrueAsync(() => _registry.MaxAppliedRevision == 9, "connected");

        Publish(10);
        await ReachesAsync(agent, 10);

        agent.Received.ShouldBe([ControllerMessage.MessageOneofCase.Snapshot]);
    }

    [Fact]
    public async Task Expire_AwayTooLong_IsGivenUpWithItsAddresses()
    {
        var agent = await FakeAgent.ConnectAsync(_url, "node-1", held: ("10.70.0.100", 7));
        await Until.TrueAsync(() => _registry.View().Holders.ContainsKey(Address), "held");
        await agent.DisposeAsync();
        await Until.TrueAsync(() => _registry.View().Agents["node-1"].Presence == AgentPresence.Expected, "away");
        _registry.View().Holders.ShouldContainKey(Address);

        await Until.TrueAsync(() => !_registry.Expire(), "given up");

        _registry.View().Agents["node-1"].Presence.ShouldBe(AgentPresence.Absent);
        _registry.View().Agents["node-1"].Interfaces.ShouldNotBeEmpty();
        _registry.View().Holders.ShouldBeEmpty();
        _registry.View().Terms[Address].ShouldBe(7UL);
    }

    [Fact]
    public async Task Port_Garbage_DisturbsNoOne()
    {
        Publish(1);
        await using var agent = await FakeAgent.ConnectAsync(_url, "node-1");
        await ReachesAsync(agent, 1);
        var random = new Random(20260301);
        for (var i = 0; i < 20; i++)
        {
            using var socket = new System.Net.Sockets.TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, new Uri(_url).Port, TestContext.Current.CancellationToken);
            var garbage = new byte[random.Next(1, 5000)];
            random.NextBytes(garbage);
            await socket.GetStream().WriteAsync(garbage, TestContext.Current.CancellationToken);
        }

        Publish(2);
        await ReachesAsync(agent, 2);
    }

    private static Task RefuseAsync(FakeAgent agent, ulong revision) => agent.SendAsync(new AgentMessage
    {
        Ack = new Ack { Revision = revision, Applied = false, Problems = { new Problem { Field = "x", Message = "no" } } },
    });

    private static int Count(FakeAgent agent)
    {
        lock (agent.Received)
        {
            return agent.Received.Count;
        }
    }

    private static Task ReachesAsync(FakeAgent agent, ulong revision) =>
        Until.TrueAsync(() => agent.Current?.Revision == revision, $"revision {revision} at {agent.Node} ({agent.Ended?.Message})");

    private static async Task EndsAsync(FakeAgent agent, StatusCode code)
    {
        await Until.TrueAsync(() => agent.Ended is not null, $"end of {agent.Node}");
        agent.Ended!.StatusCode.ShouldBe(code, agent.Ended.Message);
    }

    private void Publish(ulong revision, string? node = null) => _registry.Publish(
        new ClusterSnapshot
        {
            Revision = revision,
            Nodes = node is null ? [] : [new NodePeer { Name = node }],
            HeartbeatKeys = [new HeartbeatKey(1, [.. new byte[HeartbeatKey.SecretLength]])],
        },
        new HashSet<IPAddress> { Address });
}
