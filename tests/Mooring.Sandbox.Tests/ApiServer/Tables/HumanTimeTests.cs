using Mooring.Sandbox.KubeApi.Tables;

namespace Mooring.Sandbox.Tests.KubeApi.Tables;

public sealed class HumanTimeTests
{
    [Theory]
    [InlineData(0, "0s")]
    [InlineData(119, "119s")]
    [InlineData(125, "2m5s")]
    [InlineData(3599, "59m")]
    [InlineData(3 * 3600, "3h")]
    [InlineData((3 * 3600) + 60, "3h1m")]
    [InlineData(86400, "24h")]
    [InlineData(3 * 86400, "3d")]
    [InlineData((3 * 86400) + 7200, "3d2h")]
    [InlineData(30 * 86400, "30d")]
    public void Duration_Seconds_ReadsLikeKubectl(int seconds, string expected) =>
        HumanTime.Duration(TimeSpan.FromSeconds(seconds)).ShouldBe(expected);
}
