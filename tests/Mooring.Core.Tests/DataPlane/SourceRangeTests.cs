using System.Net.Sockets;
using Mooring.Core.DataPlane;

namespace Mooring.Core.Tests.DataPlane;

public sealed class SourceRangeTests
{
    [Theory]
    [InlineData("192.0.2.0/24", "192.0.2.0/24")]
    [InlineData("192.0.2.77/24", "192.0.2.0/24")]
    [InlineData(" 192.0.2.1 ", "192.0.2.1/32")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("2001:db8::1/33", "2001:db8::/33")]
    [InlineData("2001:db8::1", "2001:db8::1/128")]
    public void TryParse_NetworkOrAddress_IsTheNetwork(string text, string network)
    {
        SourceRange.TryParse(text, out var range).ShouldBeTrue();
        range.ToString().ShouldBe(network);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("192.0.2.0/33")]
    [InlineData("192.0.2.0/-1")]
    [InlineData("192.0.2.0/24/1")]
    [InlineData("office")]
    [InlineData("192.0.2.0-192.0.2.9")]
    public void TryParse_SomethingElse_IsRefused(string? text) => SourceRange.TryParse(text, out _).ShouldBeFalse();

    [Theory]
    [InlineData("", null)]
    [InlineData("192.0.2.0/24", "192.0.2.0/24")]
    [InlineData("192.0.2.128/25 192.0.2.0/24 192.0.2.0/24 198.51.100.1/32", "192.0.2.0/24 198.51.100.1/32")]
    [InlineData("192.0.2.0/24 0.0.0.0/0", null)]
    [InlineData("2001:db8::/32", "")]
    public void Of_Ranges_AreThoseOfTheFamilyWithoutAnyInAnother(string ranges, string? kept) =>
        (SourceRange.Of([.. ranges.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Parse)], AddressFamily.InterNetwork)
            is { } some ? string.Join(' ', some) : null).ShouldBe(kept);

    private static System.Net.IPNetwork Parse(string text)
    {
        SourceRange.TryParse(text, out var range).ShouldBeTrue();
        return range;
    }
}
