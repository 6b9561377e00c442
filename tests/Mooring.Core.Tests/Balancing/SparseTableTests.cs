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
            .ShouldBe("...c..............a....b.b.a....c...a.c......a..........b.b..c..c");
        Letters(SparseTable.Build([Of("10.71.1.2"), Of("10.71.2.2"), Of("10.71.3.2"), Of("10.71.4.2"), Of("10.71.5.2")]))
            .ShouldBe("...e............d.a....b.....c..c");
        Letters(SparseTable.Build([Of("fd00:71:1::2"), Of("fd00:71:2::2")]))
            .ShouldBe(".b.............b.....a.............a....b.....a.......b.....a...b");
    }

    [Theory]
    [InlineData(2, 9, 64)]
    [InlineData(4, 17, 64)]
    [InlineData(5, 6, 32)]
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

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public void Fits_SeveralOfOneWeight(int backends, bool expected) => SparseTable.Fits(Many(backends)).ShouldBe(expected);

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

    /// <summary>Averages over the removal of each backend of many sets; a full Maglev table of 256 slots moves 7 of 100 at ten.</summary>
    [Theory]
    [InlineData(3, 0.04)]
    [InlineData(4, 0.04)]
    [InlineData(6, 0.02)]
    [InlineData(10, 0.02)]
    [InlineData(12, 0.02)]
    [InlineData(24, 0.02)]
    [InlineData(40, 0.02)]
    public void Find_OneBackendLess_FewFlowsOfTheOthersMove(int backends, double bound)
    {
        const int Sets = 20;
        const int Flows = 500;
        var (moved, others) = (0, 0);
        for (var set = 0; set < Sets; set++)
        {
            var all = Many(backends, set);
            var before = SparseTable.Build(all);
            for (var gone = 0; gone < backends; gone++)
            {
                var rest = all.RemoveAt(gone);
                var after = SparseTable.Build(rest);
                for (var flow = 0; flow < Flows; flow++)
                {
                    var then = all[before.Backends[Find(before, flow)]];
                    if (then != all[gone])
                    {
                        others++;
                        moved += rest[after.Backends[Find(after, flow)]] != then ? 1 : 0;
                    }
                }
            }
        }

        ((double)moved / Math.Max(others, 1)).ShouldBeLessThan(bound);
    }

    private static int Find(SlotTable table, int flow) => SparseTable.Find(
        table, (slots, seed) => SlotHash.OfFlow(new IPAddress([10, 1, (byte)(flow >> 8), (byte)flow]), (ushort)(1024 + flow), slots, seed));

    private static string Letters(SlotTable table) =>
        string.Concat(table.Backends.Select(backend => backend < 0 ? '.' : (char)('a' + backend)));

    private static ImmutableArray<ForwardedBackend> Many(int backends, int set = 0) =>
        [.. Enumerable.Range(0, backends).Select(i => Of($"10.{71 + set}.{i / 250}.{(i % 250) + 1}"))];

    private static ForwardedBackend Of(string address, int weight = 1) => new(IPAddress.Parse(address), 8080, weight, Local: false);
}
