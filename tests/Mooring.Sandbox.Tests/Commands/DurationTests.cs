using Mooring.Sandbox.Commands;

namespace Mooring.Sandbox.Tests.Commands;

public sealed class DurationTests
{
    [Theory]
    [InlineData("5ms", 5)]
    [InlineData("1.5s", 1500)]
    [InlineData("2m", 120_000)]
    [InlineData("3", 3000)]
    [InlineData("0", 0)]
    public void ParseDuration_Good_IsThatLong(string text, double milliseconds)
    {
        ProbeCommand.ParseDuration(text).ShouldBe(TimeSpan.FromMilliseconds(milliseconds));
    }

    [Theory]
    [InlineData("")]
    [InlineData("ms")]
    [InlineData("-1s")]
    [InlineData("1 hour")]
    [InlineData("9999999m")]
    public void ParseDuration_Bad_IsNull(string text)
    {
        ProbeCommand.ParseDuration(text).ShouldBeNull();
    }
}
