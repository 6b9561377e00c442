using Grpc.Core.Wire;

namespace Mooring.Protocol.Tests.Grpc;

public sealed class WireTextTests
{
    [Theory]
    [InlineData("plain text", "plain text")]
    [InlineData("100 %", "100 %25")]
    [InlineData("line\nbreak", "line%0Abreak")]
    [InlineData("ümlaut", "%C3%BCmlaut")]
    [InlineData("🚢", "%F0%9F%9A%A2")]
    public void PercentEncoding_Text_RoundTrips(string text, string encoded)
    {
        PercentEncoding.Encode(text).ShouldBe(encoded);
        PercentEncoding.Decode(encoded).ShouldBe(text);
    }

    [Theory]
    [InlineData("50%", "50%")]
    [InlineData("%zz%4", "%zz%4")]
    public void PercentDecoding_BadEscape_StaysAsItIs(string encoded, string text) =>
        PercentEncoding.Decode(encoded).ShouldBe(text);

    [Fact]
    public void PercentEncoding_HugeText_IsCut() => PercentEncoding.Encode(new string('ü', 100_000)).Length.ShouldBeLessThan(5000);

    [Theory]
    [InlineData(0, "1u")]
    [InlineData(1500, "1500000u")]
    [InlineData(3_600_000, "3600000m")]
    [InlineData(1_000_000_000, "1000000S")]
    public void Timeout_Encoded_IsWithinEightDigits(double milliseconds, string expected) =>
        TimeoutHeader.Encode(TimeSpan.FromMilliseconds(milliseconds)).ShouldBe(expected);

    [Theory]
    [InlineData("1H", 3_600_000)]
    [InlineData("2M", 120_000)]
    [InlineData("3S", 3000)]
    [InlineData("4m", 4)]
    [InlineData("5000u", 5)]
    [InlineData("6000000n", 6)]
    public void Timeout_Decoded_HasItsUnit(string text, double milliseconds)
    {
        TimeoutHeader.TryDecode(text, out var timeout).ShouldBeTrue();
        timeout.ShouldBe(TimeSpan.FromMilliseconds(milliseconds));
    }

    [Fact]
    public void Timeout_LongerThanATimerTakes_IsTheLongest()
    {
        TimeoutHeader.TryDecode("99999999H", out var timeout).ShouldBeTrue();
        timeout.ShouldBe(TimeoutHeader.Longest);
    }

    [Theory]
    [InlineData("application/grpc", true)]
    [InlineData("application/grpc+proto", true)]
    [InlineData("application/grpc;x=y", true)]
    [InlineData("application/grpc-web", false)]
    [InlineData("text/plain", false)]
    [InlineData(null, false)]
    public void ContentType_Checked(string? contentType, bool accepted) =>
        ProtocolNames.IsGrpcContentType(contentType).ShouldBe(accepted);
}
