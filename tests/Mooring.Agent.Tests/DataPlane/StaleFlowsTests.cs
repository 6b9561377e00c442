using System.Net;
using Mooring.Agent.DataPlane;
using Mooring.Agent.DataPlane.Flows;
using Mooring.Agent.Tests.Speaker;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;
using Mooring.Linux.Conntrack;

namespace Mooring.Agent.Tests.DataPlane;

public sealed class StaleFlowsTests
{
    private static readonly ForwardedBackend One = new(IPAddress.Parse("10.71.1.2"), 8080, 1, Local: true);
    private static readonly ForwardedBackend Two = new(IPAddress.Parse("10.71.1.3"), 8080, 1, Local: true);

    private static readonly FlowCut OfTwo = new("10.70.0.100 . tcp . 80", "10.71.1.3 . 8080");
    private static readonly FlowCut UnansweredOfTwo = OfTwo with { Stage = FlowStage.Unanswered };

    private readonly ManualTimeProvider _time = new();
    private readonly StaleFlows _flows;

    public StaleFlowsTests()
    {
        _flows = new StaleFlows(_time);
        _flows.Advance(State([One, Two]));
    }

    [Fact]
    public void Advance_BackendGone_IsCutOnce()
    {
        _flows.Advance(State([One])).ShouldBe([OfTwo]);
        _flows.Advance(State([One])).ShouldBeEmpty();
    }

    [Fact]
    public void Advance_RulesWereAway_CutsWhatWasNotTranslatedMeanwhileOnce()
    {
        _flows.RulesWereAway();

        _flows.Advance(State([One, Two])).ShouldBe([new FlowCut("10.70.0.100 . tcp . 80", "10.70.0.100 . 80", FlowStage.Unanswered)]);

        _flows.Advance(State([One, Two])).ShouldBeEmpty();
    }

    [Fact]
    public void Advance_BackendDrains_IsCutWhenItsTimeIsOver()
    {
        _flows.Advance(State([One], leaving: [Two])).ShouldBeEmpty();
        _time.Advance(TimeSpan.FromSeconds(29));
        _flows.Due.ShouldBeFalse();
        _flows.Advance(State([One], leaving: [Two])).ShouldBeEmpty();

        _time.Advance(TimeSpan.FromSeconds(1));
        _flows.Due.ShouldBeTrue();
        _flows.Advance(State([One], leaving: [Two])).ShouldBe([OfTwo]);

        _flows.Due.ShouldBeFalse();
        _flows.Advance(State([One], leaving: [Two])).ShouldBeEmpty();
        _flows.Advance(State([One])).ShouldBeEmpty("it was cut before it went");
    }

    [Fact]
    public void Advance_DrainTakenBackAndBegunAgain_HasItsWholeTimeAgain()
    {
        _flows.Advance(State([One], leaving: [Two]));
        _time.Advance(TimeSpan.FromSeconds(20));
        _flows.Advance(State([One, Two])).ShouldBeEmpty();
        _flows.Advance(State([One], leaving: [Two])).ShouldBeEmpty();
        _time.Advance(TimeSpan.FromSeconds(20));

        _flows.Due.ShouldBeFalse();
    }

    [Fact]
    public void Advance_BackendFails_OnlyItsUnansweredHandshakesAreCutEachTime()
    {
        _flows.Advance(State([One], failed: [Two])).ShouldBe([UnansweredOfTwo]);
        _time.Advance(TimeSpan.FromDays(1));

        _flows.Due.ShouldBeFalse();
        _flows.Advance(State([One], failed: [Two with { Weight = 2 }])).ShouldBeEmpty("it is the same failure");

        _flows.Advance(State([One, Two])).ShouldBeEmpty();
        _flows.Advance(State([One], failed: [Two])).ShouldBe([UnansweredOfTwo]);
    }

    [Fact]
    public void Advance_ChangeRefused_FlowsAreCutOnceItIsTaken()
    {
        _flows.Advance(State([One]), new HashSet<string> { OfTwo.Service }).ShouldBeEmpty();
        _flows.Advance(State([One])).ShouldBe([OfTwo]);
    }

    [Fact]
    public void Advance_BackendFailedBeforeTheFirstPlan_ItsUnansweredHandshakesAreCut() =>
        new StaleFlows(_time).Advance(State([One], failed: [Two])).ShouldBe([UnansweredOfTwo]);

    [Fact]
    public void Advance_SlotsChange_ClosedConnectionsOfTheServiceAreForgotten()
    {
        var closed = new FlowCut(OfTwo.Service, Backend: null, FlowStage.Closed);
        _flows.Advance(WithSlots("node-1", "node-2"));

        _flows.Advance(WithSlots("node-2", "node-2")).ShouldBe([closed]);
        _flows.Advance(WithSlots("node-2", "node-2")).ShouldBeEmpty();

        StaleFlows.IsNamed(Flow("10.70.0.100:80", "10.71.1.3:8080", state: 7), [closed]).ShouldBeTrue("TIME_WAIT");
        StaleFlows.IsNamed(Flow("10.70.0.100:80", "10.71.1.3:8080", state: 8), [closed]).ShouldBeTrue("CLOSE");
        StaleFlows.IsNamed(Flow("10.70.0.100:80", "10.71.1.3:8080", state: 3), [closed]).ShouldBeFalse("ESTABLISHED");
        StaleFlows.IsNamed(Flow("10.70.0.100:81", "10.71.1.3:8080", state: 7), [closed]).ShouldBeFalse("another service");
    }

    [Theory]
    [InlineData("10.70.0.100:80", "10.71.1.3:8080", 1, true)]
    [InlineData("10.70.0.100:80", "10.71.1.3:8080", 2, false)] // SYN_RECV: answered
    [InlineData("10.70.0.100:80", "10.71.1.3:8080", 3, false)] // ESTABLISHED
    [InlineData("10.70.0.100:80", "10.71.1.2:8080", 1, false)]
    [InlineData("10.70.0.100:81", "10.71.1.3:8080", 1, false)]
    public void IsNamed_Unanswered_PicksHandshakesOfThatServiceWithThatBackend(string vip, string backend, byte state, bool named) =>
        StaleFlows.IsNamed(Flow(vip, backend, state), [UnansweredOfTwo]).ShouldBe(named);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void IsNamed_BackendGone_PicksEveryFlowOfIt(byte state) =>
        StaleFlows.IsNamed(Flow("10.70.0.100:80", "10.71.1.3:8080", state), [OfTwo]).ShouldBeTrue();

    private static ConntrackFlow Flow(string vip, string backend, byte state) =>
        new(6, IPEndPoint.Parse("10.70.0.200:20000"), IPEndPoint.Parse(vip), IPEndPoint.Parse(backend)) { TcpState = state };

    private static DataPlaneState WithSlots(params string?[] owners)
    {
        var state = State([One, Two]);
        return state with
        {
            Services =
            [
                state.Services[0] with
                {
                    Direct = new DirectForwarding
                    {
                        ByClient = false, Owners = [.. owners], Previous = [], Endpoints = [.. owners.Select(_ => One)], Open = true,
                    },
                },
            ],
        };
    }

    private static DataPlaneState State(ForwardedBackend[] backends, ForwardedBackend[]? leaving = null, ForwardedBackend[]? failed = null) => new()
    {
        Services =
        [
            new ForwardedService
            {
                VirtualIp = new NamespacedName("default", "web"),
                Address = IPAddress.Parse("10.70.0.100"),
                Protocol = TransportProtocol.Tcp,
                Port = 80,
                Backends = [.. backends],
                Draining = [.. leaving ?? [], .. failed ?? []],
                Leaving = [.. leaving ?? []],
                Failed = [.. failed ?? []],
                DrainTimeout = TimeSpan.FromSeconds(30),
            },
        ],
    };
}
