using Mooring.Core.Health;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Tests.Health;

public sealed class HoldDownTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly PassiveCheckIntent Passive = PassiveCheckIntent.Default with
    {
        EjectionTime = 30 * Second, MaxEjectionTime = 100 * Second,
    };

    private static readonly FlapDampingIntent Damping = new(3, 60 * Second, 10 * Second, 35 * Second);

    [Fact]
    public void Fell_EjectedAgain_StaysOutTwiceAsLongUpToTheMost()
    {
        var hold = new HoldDown(Passive, damping: null);

        hold.Fell(1000 * Second, ejected: true).ShouldBe(30 * Second);
        hold.Holds(1029 * Second).ShouldBeTrue();
        hold.Holds(1030 * Second).ShouldBeFalse();
        hold.Fell(1040 * Second, ejected: true).ShouldBe(60 * Second);
        hold.Fell(1110 * Second, ejected: true).ShouldBe(100 * Second);
    }

    [Fact]
    public void Fell_EjectedAfterItWentWellForLong_BeginsAnew()
    {
        var hold = new HoldDown(Passive, damping: null);
        hold.Fell(1000 * Second, ejected: true);

        hold.Fell(1131 * Second, ejected: true).ShouldBe(30 * Second);
    }

    [Fact]
    public void Fell_ByItsChecksAlone_IsNotHeld()
    {
        var hold = new HoldDown(Passive, damping: null);

        hold.Fell(1000 * Second, ejected: false).ShouldBe(TimeSpan.Zero);
        hold.Holds(1000 * Second).ShouldBeFalse();
    }

    [Fact]
    public void Fell_AgainAndAgain_IsDampedFromTheThirdOn()
    {
        var hold = new HoldDown(passive: null, Damping);

        hold.Fell(1000 * Second, ejected: false).ShouldBe(TimeSpan.Zero);
        hold.Fell(1010 * Second, ejected: false).ShouldBe(TimeSpan.Zero);
        hold.Fell(1020 * Second, ejected: false).ShouldBe(10 * Second);
        hold.Fell(1031 * Second, ejected: false).ShouldBe(20 * Second);
        hold.Fell(1052 * Second, ejected: false).ShouldBe(35 * Second);
    }

    [Fact]
    public void Fell_SeldomEnough_IsNeverDamped()
    {
        var hold = new HoldDown(passive: null, Damping);

        for (var fall = 0; fall < 10; fall++)
        {
            hold.Fell((1000 + (40 * fall)) * Second, ejected: false).ShouldBe(TimeSpan.Zero);
        }
    }
}
