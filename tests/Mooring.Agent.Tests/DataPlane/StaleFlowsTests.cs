using System.Net;
using Mooring.Agent.DataPlane;
using Mooring.Agent.DataPlane.Flows;
using Mooring.Agent.Tests.Speaker;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Tests.DataPlane;

public sealed class StaleFlowsTests
{
    private static readonly ForwardedBackend One = new(IPAddress.Parse("10.71.1.2"), 8080, 1, Local: true);
    private static readonly ForwardedBackend Two = new(IPAddress.Parse("10.71.1.3"), 8080, 1, Local: true);

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
        _flows.Advance(State([One])).ShouldBe([("10.70.0.100 . tcp . 80", "10.71.1.3 . 8080")]);
        _flows.Advance(State([One])).ShouldBeEmpty();
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
        _flows.Advance(State([One], leaving: [Two])).ShouldBe([("10.70.0.100 . tcp . 80", "10.71.1.3 . 8080")]);

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
    public void Advance_BackendDownButKept_IsNeverCut()
    {
        _flows.Advance(State([One], kept: [Two])).ShouldBeEmpty();
        _time.Advance(TimeSpan.FromDays(1));

        _flows.Due.ShouldBeFalse();
        _flows.Advance(State([One], kept: [Two])).ShouldBeEmpty();
    }

    private static DataPlaneState State(ForwardedBackend[] backends, ForwardedBackend[]? leaving = null, ForwardedBackend[]? kept = null) => new()
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
                Draining = [.. leaving ?? [], .. kept ?? []],
                Leaving = [.. leaving ?? []],
                DrainTimeout = TimeSpan.FromSeconds(30),
            },
        ],
    };
}
