using Mooring.Core.Health;

namespace Mooring.Core.Tests.Health;

public sealed class HealthTrackerTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Observe_BeforeAThreshold_GivesNoVerdict()
    {
        var tracker = new HealthTracker(unhealthyThreshold: 3, healthyThreshold: 2);

        tracker.Observe(false, "refused", Start).ShouldBeNull();
        tracker.Observe(false, "refused", Start).ShouldBeNull();
        tracker.Verdict.ShouldBeNull();
    }

    [Fact]
    public void Observe_FailuresInARow_TurnUnhealthyOnce()
    {
        var tracker = new HealthTracker(unhealthyThreshold: 2, healthyThreshold: 1);
        tracker.Observe(true, "", Start);

        tracker.Observe(false, "first", Start).ShouldBeNull();
        tracker.Observe(false, "second", Start.AddSeconds(1))
            .ShouldBe(new HealthVerdict(false, "second", Start.AddSeconds(1)));
        tracker.Observe(false, "third", Start.AddSeconds(2)).ShouldBeNull();
        tracker.Verdict!.Since.ShouldBe(Start.AddSeconds(1));
    }

    [Fact]
    public void Observe_SuccessBetweenFailures_StartsTheCountAnew()
    {
        var tracker = new HealthTracker(unhealthyThreshold: 2, healthyThreshold: 1);
        tracker.Observe(true, "", Start);
        tracker.Observe(false, "one", Start);
        tracker.Observe(true, "", Start);

        tracker.Observe(false, "one again", Start).ShouldBeNull();
        tracker.Verdict!.Healthy.ShouldBeTrue();
    }

    [Fact]
    public void Observe_SuccessesInARow_BringBack()
    {
        var tracker = new HealthTracker(unhealthyThreshold: 1, healthyThreshold: 3);
        tracker.Observe(false, "down", Start);

        tracker.Observe(true, "", Start).ShouldBeNull();
        tracker.Observe(true, "", Start).ShouldBeNull();
        tracker.Observe(true, "", Start.AddSeconds(9)).ShouldBe(new HealthVerdict(true, "", Start.AddSeconds(9)));
    }

    [Fact]
    public void Trust_UnhealthyEndpoint_ComesBackWithOneSuccess()
    {
        var tracker = new HealthTracker(unhealthyThreshold: 1, healthyThreshold: 3);
        tracker.Observe(false, "down", Start);

        tracker.Trust();

        tracker.Observe(true, "", Start)!.Healthy.ShouldBeTrue();
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    public void Constructor_ThresholdBelowOne_Throws(int unhealthy, int healthy)
    {
        Should.Throw<ArgumentOutOfRangeException>(() => new HealthTracker(unhealthy, healthy));
    }
}
