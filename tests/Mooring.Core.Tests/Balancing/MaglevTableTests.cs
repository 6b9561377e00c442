using System.Collections.Immutable;
using System.Net;
using Mooring.Core.Balancing;
using Mooring.Core.DataPlane;

namespace Mooring.Core.Tests.Balancing;

public sealed class MaglevTableTests
{
    [Fact]
    public void Build_GoldenTables_Match()
    {
        Letters(MaglevTable.Build([Of("10.71.1.2"), Of("10.71.2.2"), Of("10.71.3.2", 2)], 64))
            .ShouldBe("bcbcccbaacccbcbcaaaccccbcbaacbcbcbaaabcccbcacaccccccaaacbcbcbcba");
        Letters(MaglevTable.Build([Of("fd00:71:1::2"), Of("fd00:71:2::2")], 64))
            .ShouldBe("bbbaaabababababbbaaababbbabababaaababbbabababaaababbbabababaaaba");
    }

    [Fact]
    public void Fill_OneBackendLess_GoldenTableMatches()
    {
        ImmutableArray<ForwardedBackend> rest = [Of("10.71.1.2"), Of("10.71.3.2", 2)];
        int[] slots = [.. MaglevTable.Build([rest[0], Of("10.71.2.2"), rest[1]], 64).Backends.Select(backend => ((int[])[0, -1, 1])[backend])];

        MaglevTable.Fill(slots, rest, SlotShares.Of(rest, 64, MaglevTable.Held(slots, 2)));

        string.Concat(slots.Select(backend => "ac"[backend])).ShouldBe("ccccccaaacccccacaaaccccccaaaccccccaaaccccccacaccccccaaacccccacaa");
    }

    [Theory]
    [InlineData(2)]
    [InlineData(10)]
    [InlineData(100)]
    [InlineData(1000)]
    public void Build_EqualWeights_SharesAreWithinOneSlot(int backends)
    {
        var table = MaglevTable.Build(Many(backends), SlotTableSize.For(backends));

        var counts = table.Backends.CountBy(backend => backend).Select(pair => pair.Value).ToArray();
        counts.Length.ShouldBe(backends);
        (counts.Max() - counts.Min()).ShouldBeLessThanOrEqualTo(1);
    }

    /// <summary>Chi-square with 9 degrees of freedom exceeds 27.9 in one of a thousand fair draws.</summary>
    [Fact]
    public void OfFlow_TenThousandFlows_SpreadAsEvenlyAsTheSlots()
    {
        var table = MaglevTable.Build(Many(10), SlotTableSize.For(10));
        var expected = table.Backends.CountBy(backend => backend)
            .ToDictionary(pair => pair.Key, pair => pair.Value * 10_000.0 / table.Size);
        var seen = Enumerable.Range(0, 10_000)
            .Select(i => table.Backends[SlotHash.OfFlow(new IPAddress([10, 1, (byte)(i >> 8), (byte)i]), (ushort)(1024 + i), table.Size)])
            .CountBy(backend => backend);

        seen.Sum(pair => Math.Pow(pair.Value - expected[pair.Key], 2) / expected[pair.Key]).ShouldBeLessThan(27.9);
    }

    private static string Letters(SlotTable table) => string.Concat(table.Backends.Select(backend => (char)('a' + backend)));

    private static ImmutableArray<ForwardedBackend> Many(int backends) =>
        [.. Enumerable.Range(0, backends).Select(i => Of($"10.71.{i / 250}.{(i % 250) + 1}"))];

    private static ForwardedBackend Of(string address, int weight = 1) => new(IPAddress.Parse(address), 8080, weight, Local: false);
}
