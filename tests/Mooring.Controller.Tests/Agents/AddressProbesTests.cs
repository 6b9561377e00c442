using System.Net;
using Mooring.Controller.Agents;

namespace Mooring.Controller.Tests.Agents;

public sealed class AddressProbesTests
{
    private static readonly IPAddress Address = IPAddress.Parse("10.70.0.20");
    private readonly Clock _clock = new();

    [Fact]
    public void Expire_NoAnswerInTime_TakesTheAddressForFree()
    {
        var probes = new AddressProbes(_clock);
        probes.Set(Address, new ProbeAnswer(ProbeState.Asked, ""));

        _clock.Now += TimeSpan.FromSeconds(1);
        probes.Expire().ShouldBeFalse();
        probes.Asking.ShouldBeTrue();

        _clock.Now += TimeSpan.FromSeconds(1.1);
        probes.Expire().ShouldBeTrue();
        probes.Current[Address].State.ShouldBe(ProbeState.Free);
    }

    [Fact]
    public void Expire_OccupiedLongAgo_MayBeAskedForAgain()
    {
        var probes = new AddressProbes(_clock);
        probes.Set(Address, new ProbeAnswer(ProbeState.Occupied, "somebody"));

        _clock.Now += TimeSpan.FromMinutes(4);
        probes.Expire().ShouldBeFalse();
        probes.Current[Address].State.ShouldBe(ProbeState.Occupied);

        _clock.Now += TimeSpan.FromMinutes(2);
        probes.Expire().ShouldBeTrue();
        probes.IsKnown(Address).ShouldBeFalse();
    }

    private sealed class Clock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
