using System.Collections.Immutable;
using System.Net;
using Mooring.Core.Balancing;
using Mooring.Core.DataPlane;

namespace Mooring.Core.Tests.Balancing;

public sealed class SparseTableTests
{
    [Fact]
    public void Build_GoldenTables_Match()
    {
        Letters(SparseTable.Build([Of("10.71.1.2"), Of("10.71.2.2"), Of("10.71.3.2")]))
            .ShouldBe("..a....b.....c..c");
        Letters(SparseTable.Build([Of("10.71.1.2"), Of("10.71.2.2"), Of("10.71.3.2"), Of("10.71.4.2"), Of("10.71.5.2")]))
            .ShouldBe("d.ae...b.....c..c");
        Letters(SparseTable.Build([Of("fd00:71:1::2"), Of("fd00:71:2::2")]))
            .ShouldBe("...a..b.........b");
    }

    [Theory]
    [InlineData(2, 3, 16)]
    [InlineData(6, 7, 16)]
    [InlineData(7, 8, 32)]
    [InlineData(12, 13, 32)]
    [InlineData(13, 14, 64)]
    [InlineData(1000, 1001, 4096)]
    public void Build_Backends_FillsAboutAsManySlotsAsThereAre(int backends, int filled, int slots)
    {
        var table = SparseTable.Build(Many(backends));

        table.Size.ShouldBe(slots + 1);
        table.Backends.Count(backend => backend >= 0).ShouldBe(filled);
        table.Backends.Take(slots).Where(backend => backend >= 0).CountBy(backend => backend).Select(pair => pair.Value).Distinct().Count()
            .ShouldBe(1, "all have the same number of slots");
    }

    [Fact]
    public void Fits_DifferentWeights_No() => SparseTable.Fits([Of("10.71.1.1"), Of("10.71.1.2", weight: 2)]).ShouldBeFalse();

    /// <summary>The 99.9 % point of chi-square with n − 1 degrees of freedom; the draws are the same every time.</summary>
    [Theory]
    [InlineData(2, 10.8)]
    [InlineData(3, 13.8)]
    [InlineData(5, 18.5)]
    [InlineData(10, 27.9)]
    [InlineData(16, 37.7)]
    public void Find_TenThousandFlows_SpreadEvenly(int backends, double bound)
    {
        var table = SparseTable.Build(Many(backends));
        var expected = 10_000.0 / backends;
        var seen = Enumerable.Range(0, 10_000).Select(flow => table.Backends[Find(table, flow)]).CountBy(backend => backend).ToArray();

        seen.Length.ShouldBe(backends);
        seen.Sum(pair => Math.Pow(pair.Value - expected, 2) / expected).ShouldBeLessThan(bound);
    }

    private static int Find(SlotTable table, int flow) => SparseTable.Find(
        table, (slots, seed) => SlotHash.OfFlow(new IPAddress([10, 1, (byte)(flow >> 8), (byte)flow]), (ushort)(1024 + flow), slots, seed));

    private static string Letters(SlotTable table) =>
        string.Concat(table.Backends.Select(backend => backend < 0 ? '.' : (char)('a' + backend)));

    private static ImmutableArray<ForwardedBackend> Many(int backends, int set = 0) =>
        [.. Enumerable.Range(0, backends).Select(i => Of($"10.{71 + set}.{i / 250}.{(i % 250) + 1}"))];

    private static ForwardedBackend Of(string address, int weight = 1) => new(IPAddress.Parse(address), 8080, weight, Local: false);
}
