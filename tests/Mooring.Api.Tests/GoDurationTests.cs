namespace Mooring.Api.Tests;

public sealed class GoDurationTests
{
    [Theory]
    [InlineData("100ms", 100)]
    [InlineData("3h", 3 * 3_600_000)]
    [InlineData("30s", 30_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("1.5s", 1_500)]
    [InlineData("1500us", 1.5)]
    [InlineData("0s", 0)]
    public void TryParse_Duration_Reads(string text, double milliseconds)
    {
        GoDuration.TryParse(text, out var duration).ShouldBeTrue();
        duration.ShouldBe(TimeSpan.FromMilliseconds(milliseconds));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("3")]
    [InlineData("-1s")]
    [InlineData("1 s")]
    [InlineData("1d")]
    [InlineData("s")]
    [InlineData("1s\n")]
    [InlineData("99999999999h")]
    [InlineData("999999999999999999999999999999999999999999h")]
    public void TryParse_AnythingElse_Refuses(string? text)
    {
        GoDuration.TryParse(text, out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData("100ms")]
    [InlineData("1h30m")]
    [InlineData("2.5s")]
    [InlineData("0.5ms")]
    [InlineData("0s")]
    public void Format_Parsed_IsTheSameText(string text)
    {
        GoDuration.TryParse(text, out var duration).ShouldBeTrue();
        GoDuration.Format(duration).ShouldBe(text);
    }
}
