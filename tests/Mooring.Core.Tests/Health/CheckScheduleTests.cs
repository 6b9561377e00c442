using System.Net;
using Mooring.Core.Health;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Tests.Health;

public sealed class CheckScheduleTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private static readonly HealthCheckIntent Check = new()
    {
        Type = HealthCheckType.Tcp,
        Interval = 5 * Second,
        FailingInterval = Second,
    };

    [Fact]
    public void Next_AnyDuration_KeepsTheRhythm()
    {
        CheckSchedule.Next(Check, 10 * Second, 10.3 * Second, failing: false, 0.9).ShouldBe(15 * Second);
        CheckSchedule.Next(Check, 10 * Second, 11.5 * Second, failing: true, 0.9).ShouldBe(12 * Second);
    }

    [Fact]
    public void Next_LongPause_BeginsAnewFromNow()
    {
        CheckSchedule.Next(Check, 10 * Second, 100 * Second, failing: false, 0.5).ShouldBe(100 * Second);
    }

    [Fact]
    public void Next_Jitter_StaysWithinItsShare()
    {
        var jittered = Check with { JitterPercent = 20 };

        CheckSchedule.Next(jittered, 10 * Second, 10 * Second, failing: false, 0).ShouldBe(14 * Second);
        CheckSchedule.Next(jittered, 10 * Second, 10 * Second, failing: false, 1).ShouldBe(16 * Second);
    }

    [Theory]
    [InlineData(2000, false)]
    [InlineData(2200, false)]
    [InlineData(3000, true)]
    public void IsDoubtful_NoticedLongAfterTheTimeout_IsDoubted(int tookMillis, bool doubtful) =>
        CheckSchedule.IsDoubtful(Check with { Timeout = 2 * Second }, TimeSpan.FromMilliseconds(tookMillis)).ShouldBe(doubtful);

    [Fact]
    public void First_SameEndpoint_IsTheSameOnANodeAndDiffersBetweenNodes()
    {
        var endPoint = new IPEndPoint(IPAddress.Loopback, 80);

        CheckSchedule.First(Check, "a", "s", endPoint, failing: false).ShouldBe(CheckSchedule.First(Check, "a", "s", endPoint, failing: false));
        CheckSchedule.First(Check, "a", "s", endPoint, failing: false).ShouldNotBe(CheckSchedule.First(Check, "b", "s", endPoint, failing: false));
    }
}
