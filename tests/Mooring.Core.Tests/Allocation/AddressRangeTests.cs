using System.Net;
using System.Net.Sockets;
using Mooring.Core.Allocation;

namespace Mooring.Core.Tests.Allocation;

public sealed class AddressRangeTests
{
    [Theory]
    [InlineData("10.70.0.0/24", "10.70.0.0", "10.70.0.255", "256")]
    [InlineData("10.70.1.10-10.70.1.20", "10.70.1.10", "10.70.1.20", "11")]
    [InlineData("10.70.0.5", "10.70.0.5", "10.70.0.5", "1")]
    [InlineData("0.0.0.0/0", "0.0.0.0", "255.255.255.255", "4294967296")]
    [InlineData("fd00::/120", "fd00::", "fd00::ff", "256")]
    [InlineData("fd00::/64", "fd00::", "fd00::ffff:ffff:ffff:ffff", "18446744073709551616")]
    [InlineData("fd00::a-fd00::1:0", "fd00::a", "fd00::1:0", "65527")]
    [InlineData("::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "340282366920938463463374607431768211455")]
    public void TryParse_Range_ReadsBothEnds(string text, string first, string last, string count)
    {
        AddressRange.TryParse(text, out var range, out _).ShouldBeTrue();

        AddressNumber.ToAddress(range.Family, range.First).ShouldBe(IPAddress.Parse(first));
        AddressNumber.ToAddress(range.Family, range.Last).ShouldBe(IPAddress.Parse(last));
        range.Count.ToString().ShouldBe(count);
    }

    [Theory]
    [InlineData("", "neither a CIDR nor a range")]
    [InlineData("10", "neither a CIDR nor a range")]
    [InlineData("10.70.0.0/33", "not a CIDR")]
    [InlineData("10.70.0.1/24", "write 10.70.0.0/24")]
    [InlineData("fd00::1/64", "write fd00::/64")]
    [InlineData("10.70.0.20-10.70.0.10", "write 10.70.0.10-10.70.0.20")]
    [InlineData("10.70.0.1-fd00::1", "write two ranges")]
    [InlineData("10.70.0.1-", "neither a CIDR nor a range")]
    [InlineData("10.70.0.010/32", "not a CIDR")]
    [InlineData("::ffff:10.0.0.0/120", "not a CIDR")]
    public void TryParse_Mistake_NamesTheFix(string text, string words)
    {
        AddressRange.TryParse(text, out _, out var problem).ShouldBeFalse();

        problem.ShouldContain(words);
    }

    [Fact]
    public void Of_TouchingAndOverlappingRanges_Merge()
    {
        var set = Set("10.0.0.0/25", "10.0.0.128/25", "10.0.0.250-10.0.1.4", "fd00::/120", "10.0.3.1");

        set.Ranges.Select(range => range.ToString()).ShouldBe(["10.0.0.0-10.0.1.4", "10.0.3.1", "fd00::-fd00::ff"]);
        set.Contains(IPAddress.Parse("10.0.1.4")).ShouldBeTrue();
        set.Contains(IPAddress.Parse("10.0.1.5")).ShouldBeFalse();
        set.Contains(IPAddress.Parse("10.0.3.1")).ShouldBeTrue();
        set.Contains(IPAddress.Parse("9.255.255.255")).ShouldBeFalse();
        set.Contains(IPAddress.Parse("fd00::ff")).ShouldBeTrue();
    }

    [Fact]
    public void FirstOverlap_SetsThatMeet_GivesBothRanges()
    {
        var overlap = Set("10.0.0.0/24", "10.0.5.0/24").FirstOverlap(Set("10.0.1.0/24", "10.0.5.200-10.0.6.1")).ShouldNotBeNull();

        overlap.Own.ToString().ShouldBe("10.0.5.0-10.0.5.255");
        overlap.Other.ToString().ShouldBe("10.0.5.200-10.0.6.1");
        Set("10.0.0.0/24").FirstOverlap(Set("10.0.1.0/24", "fd00::/8")).ShouldBeNull();
    }

    [Theory]
    [InlineData("10.0.0.0/24", 254)]
    [InlineData("10.0.0.0/23", 508)]
    [InlineData("10.0.0.255-10.0.1.0", 0)]
    [InlineData("10.0.0.1-10.0.0.254", 254)]
    [InlineData("10.0.0.0/16", 65024)]
    [InlineData("fd00::/120", 256)]
    public void Count_AvoidingBuggyAddresses_LeavesThemOut(string text, int count) =>
        Set(text).Count(avoidBuggy: true).ShouldBe((UInt128)count);

    [Fact]
    public void TakeLowest_AvoidingBuggyAddresses_StepsOverBoth()
    {
        var free = new FreeAddresses(Set("10.0.0.254-10.0.1.1"), []);

        free.TakeLowest(AddressFamily.InterNetwork, avoidBuggy: true).ShouldBe(IPAddress.Parse("10.0.0.254"));
        free.TakeLowest(AddressFamily.InterNetwork, avoidBuggy: true).ShouldBe(IPAddress.Parse("10.0.1.1"));
        free.TakeLowest(AddressFamily.InterNetwork, avoidBuggy: true).ShouldBeNull();
        free.TakeLowest(AddressFamily.InterNetwork, avoidBuggy: false).ShouldBe(IPAddress.Parse("10.0.0.255"));
    }

    private static AddressSet Set(params string[] texts) => AddressSet.Of(texts.Select(text =>
        AddressRange.TryParse(text, out var range, out var problem) ? range : throw new FormatException(problem)));
}
