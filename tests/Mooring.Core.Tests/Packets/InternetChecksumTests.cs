using Mooring.Core.Packets;

namespace Mooring.Core.Tests.Packets;

public sealed class InternetChecksumTests
{
    [Theory]
    [InlineData("0001 f203 f4f5 f6f7", 0x220D)] // the example of RFC 1071 section 3, complemented
    [InlineData("4500 0073 0000 4000 4011 0000 c0a80001 c0a800c7", 0xB861)]
    [InlineData("4500 0073 0000 4000 4011 b861 c0a80001 c0a800c7", 0)]
    [InlineData("", 0xFFFF)]
    [InlineData("01", 0xFEFF)]
    [InlineData("ffff", 0)]
    [InlineData("ffffffff ffffffff ff", 0x00FF)]
    public void Of_Data_MatchesTheReference(string hex, int expected)
        => InternetChecksum.Of(Frames.Hex(hex)).ShouldBe((ushort)expected);
}
