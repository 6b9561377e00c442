using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Controller.Agents;
using Mooring.Controller.World;
using Mooring.Core.Placement;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Tests.Agents;

public sealed class ForwardingFailureTests : IDisposable
{
    private static readonly ImmutableArray<Refusal> Everything = [new Refusal("", "data_plane", "data plane: EBUSY")];

    private readonly Clock _clock = new();
    private readonly AgentRegistry _registry;
    private readonly AgentSession _session = new("node-1", "boot", "test", "peer", 0);

    public ForwardingFailureTests()
    {
        _registry = new AgentRegistry(
            new FixedOptions<ControllerOptions>(new ControllerOptions()), _clock, NullLogger<AgentRegistry>.Instance);
        _registry.Begin(ImmutableDictionary<IPAddress, HolderClaim>.Empty, [], FailureMemory.Empty);
        _registry.Open(
            _session,
            new AgentFacts { Node = "node-1", Presence = AgentPresence.Connected },
            ImmutableDictionary<IPAddress, HolderClaim>.Empty,
            ImmutableDictionary<IPAddress, ulong>.Empty,
            ImmutableDictionary<EndpointKey, EndpointVerdict>.Empty,
            PublishedTables.None);
    }

    private string? Shown => _registry.View().Agents["node-1"].CannotForward;

    public void Dispose() => _session.Dispose();

    [Fact]
    public void Expire_KernelRefusesEverythingForAWhile_IsShownUntilItIsMended()
    {
        _registry.Acknowledged(_session, 1, applied: true, Everything);
        _registry.Expire().ShouldBeTrue("it is to be looked at again");
        Shown.ShouldBeNull();

        _clock.Advance(AgentRegistry.ForwardingPatience);
        _registry.Changed.Take();
        _registry.Expire().ShouldBeFalse();

        Shown.ShouldBe("data plane: EBUSY");
        _registry.Changed.Take().ShouldBeTrue();

        _registry.Acknowledged(_session, 1, applied: true, []);

        Shown.ShouldBeNull();
    }

    [Fact]
    public void Expire_MendedInTime_CostsNothing()
    {
        _registry.Acknowledged(_session, 1, applied: true, Everything);
        _clock.Advance(AgentRegistry.ForwardingPatience / 2);
        _registry.Acknowledged(_session, 2, applied: true, []);
        _registry.Acknowledged(_session, 3, applied: true, Everything);
        _clock.Advance(AgentRegistry.ForwardingPatience / 2);

        _registry.Expire().ShouldBeTrue();

        Shown.ShouldBeNull();
    }

    [Fact]
    public void Expire_OneServiceIsRefused_IsNotTheNodesFault()
    {
        _registry.Acknowledged(_session, 1, applied: true, [new Refusal("default/web", "data_plane", "no")]);
        _clock.Advance(AgentRegistry.ForwardingPatience);

        _registry.Expire().ShouldBeFalse();

        Shown.ShouldBeNull();
    }

    private sealed class Clock : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public void Advance(TimeSpan by) => _now += by.Ticks;
    }
}
