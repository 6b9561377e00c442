using Mooring.Core.Balancing;

namespace Mooring.Core.Tests.Balancing;

public sealed class SlowStartRuleTests
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(0, 10)]
    [InlineData(3, 10)]
    [InlineData(4, 20)]
    [InlineData(15, 50)]
    [InlineData(29.9, 90)]
    [InlineData(30, 100)]
    [InlineData(3000, 100)]
    public void PercentAfter_Time_GrowsByTenths(double seconds, int percent)
    {
        SlowStartRule.PercentAfter(TimeSpan.FromSeconds(seconds), Window).ShouldBe(percent);
    }

    [Fact]
    public void UntilNext_StepByStep_MeetsEveryShareOnce()
    {
        var shares = new List<int>();
        var elapsed = TimeSpan.Zero;
        while (SlowStartRule.UntilNext(elapsed, Window) is { } next)
        {
            shares.Add(SlowStartRule.PercentAfter(elapsed, Window));
            elapsed += next;
        }

        shares.ShouldBe([10, 20, 30, 40, 50, 60, 70, 80, 90]);
        SlowStartRule.PercentAfter(elapsed, Window).ShouldBe(100);
    }
}
