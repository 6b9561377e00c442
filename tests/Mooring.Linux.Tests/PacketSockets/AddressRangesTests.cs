using Mooring.Linux.PacketSockets;

namespace Mooring.Linux.Tests.PacketSockets;

public sealed class AddressRangesTests
{
    [Fact]
    public void Cover_None_IsEmpty() => AddressRanges.Cover([]).ShouldBeEmpty();

    [Fact]
    public void Cover_FewApart_IsExact()
        => AddressRanges.Cover([9, 5, uint.MaxValue, 0, 5]).ShouldBe(
            [(0, 0), (5, 5), (9, 9), (uint.MaxValue, uint.MaxValue)]);

    [Fact]
    public void Cover_NextToEachOther_IsOneRange()
        => AddressRanges.Cover(Enumerable.Range(100, 5000).Select(i => (uint)i)).ShouldBe([(100, 5099)]);

    [Fact]
    public void Cover_MoreThanTheRanges_HoldsEachAndLeavesTheWidestGapsOut()
    {
        // 200 addresses with gaps of 1, and one that is far away.
        uint[] addresses = [.. Enumerable.Range(0, 200).Select(i => 2 * (uint)i), 1_000_000];

        var ranges = AddressRanges.Cover(addresses);

        ranges.Length.ShouldBe(AddressRanges.Max);
        addresses.ShouldAllBe(address => ranges.Any(range => range.First <= address && address <= range.Last));
        ranges[^1].ShouldBe((1_000_000U, 1_000_000U));
        ranges[^2].Last.ShouldBe(398U);
    }
}
