using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Controller.Agents;
using Mooring.Controller.World;
using Mooring.Core.Placement;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Tests.Agents;

public sealed class AcknowledgementTests : IDisposable
{
    private static readonly ImmutableArray<Refusal> Refused = [new Refusal("default/web", "", "the kernel refused it")];

    private readonly AgentRegistry _registry = new(
        new FixedOptions<ControllerOptions>(new ControllerOptions()), TimeProvider.System, NullLogger<AgentRegistry>.Instance);

    private readonly AgentSession _session = new("node-1", "boot", "test", "peer", 0);

    public AcknowledgementTests()
    {
        _registry.Begin(ImmutableDictionary<IPAddress, HolderClaim>.Empty, [], FailureMemory.Empty);
        _registry.Open(
            _session,
            new AgentFacts { Node = "node-1", Presence = AgentPresence.Connected },
            ImmutableDictionary<IPAddress, HolderClaim>.Empty,
            ImmutableDictionary<IPAddress, ulong>.Empty,
            ImmutableDictionary<EndpointKey, EndpointVerdict>.Empty,
            PublishedTables.None);
        _registry.Publish(ClusterSnapshot.Empty with { Revision = 9 }, new HashSet<IPAddress>());
        Acknowledge(1);
        WokeUp();
    }

    [Fact]
    public void Acknowledged_NobodyWaits_WakesNobody()
    {
        Acknowledge(2);

        WokeUp().ShouldBeFalse();
        _registry.View().Agents["node-1"].AppliedRevision.ShouldBe(2UL);
    }

    [Fact]
    public void Acknowledged_WithProblems_WakesOnceForEachNews()
    {
        Acknowledge(2, Refused);
        WokeUp().ShouldBeTrue();

        Acknowledge(3, [.. Refused]);
        WokeUp().ShouldBeFalse();

        Acknowledge(3);
        WokeUp().ShouldBeTrue();
    }

    [Fact]
    public void Acknowledged_LaterThanPublished_Wakes()
    {
        Acknowledge(10);

        WokeUp().ShouldBeTrue();
    }

    [Theory]
    [InlineData("node-1", true)]
    [InlineData("node-2", false)]
    public void Acknowledged_AwaitedNode_Wakes(string awaited, bool wakes)
    {
        _registry.Await([awaited], _registry.View());
        WokeUp().ShouldBeFalse();

        Acknowledge(2);

        WokeUp().ShouldBe(wakes);
    }

    [Fact]
    public void Await_AcknowledgedMeanwhile_WakesAtOnce()
    {
        var seen = _registry.View();
        Acknowledge(2);

        _registry.Await(["node-1"], seen);

        WokeUp().ShouldBeTrue();
    }

    [Fact]
    public void View_NothingNew_IsMadeOfTheSameInstances()
    {
        var first = _registry.View();

        var second = _registry.View();

        (second.Agents, second.Health, second.Refusals, second.Holders, second.Terms)
            .ShouldBe((first.Agents, first.Health, first.Refusals, first.Holders, first.Terms));
    }

    [Fact]
    public void WaitAfter_NotAnswered_LeavesTheAgentTimeButNotForever()
    {
        _session.WaitAfter(5, TimeSpan.FromMilliseconds(400)).ShouldBe(AgentSession.AnswerPatience - TimeSpan.FromMilliseconds(400));
        _session.WaitAfter(5, AgentSession.AnswerPatience).ShouldBe(TimeSpan.Zero);

        _session.Answer(5);

        _session.WaitAfter(5, TimeSpan.Zero).ShouldBe(TimeSpan.Zero);
    }

    public void Dispose() => _session.Dispose();

    private void Acknowledge(ulong revision, ImmutableArray<Refusal>? refusals = null) =>
        _registry.Acknowledged(_session, revision, applied: true, refusals ?? []);

    private bool WokeUp() => _registry.Changed.Take();
}
