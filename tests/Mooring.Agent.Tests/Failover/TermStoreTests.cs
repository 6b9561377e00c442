using System.Net;
using Mooring.Agent.Failover;

namespace Mooring.Agent.Tests.Failover;

public sealed class TermStoreTests : IDisposable
{
    private static readonly IPAddress Address = IPAddress.Parse("10.70.0.100");

    private readonly TemporaryDirectory _folder = new();
    private readonly ListLogger<TermStore> _logger = new();

    private string Path => _folder.File("state/terms");

    [Fact]
    public void Open_NoFile_StartsEmptyAndKeepsTheEpoch()
    {
        using var store = Open();

        store.Terms.ShouldBeEmpty();
        store.Epoch.ShouldBeGreaterThan(1_700_000_000_000UL);
        TermFile.Parse(File.ReadAllText(Path)).Epoch.ShouldBe(store.Epoch);
        _logger.Lines.ShouldBeEmpty();
    }

    [Fact]
    public async Task Reserve_WrittenInTheBackground_IsThereAfterAReopen()
    {
        ulong epoch;
        using (var store = Open())
        {
            epoch = store.Epoch;
            store.Reserve(Address, 8);
            store.Reserve(Address, 5);
            store.Reserve(IPAddress.Parse("fd00::64"), 3);
            await Eventually.HoldsAsync(
                () => TermFile.Parse(File.ReadAllText(Path)).Terms.Count == 2, "both terms are on disk");
        }

        using var again = Open();
        again.Epoch.ShouldBeGreaterThan(epoch);
        again.Terms[Address].ShouldBe(8UL);
    }

    [Fact]
    public void EnsureDurable_NotWrittenYet_ReturnsWhenItIs()
    {
        using var store = Open();

        store.EnsureDurable(Address, 42);

        TermFile.Parse(File.ReadAllText(Path)).Terms[Address].ShouldBe(42UL);
    }

    [Fact]
    public void Open_FileCutShortAnywhere_IsReportedSetAsideAndStartedAnew()
    {
        using (var store = Open())
        {
            store.EnsureDurable(Address, 42);
        }

        var text = File.ReadAllText(Path);
        for (var length = 0; length < text.Length - 1; length += 7)
        {
            File.WriteAllText(Path, text[..length]);
            using var store = Open();
            store.Terms.ShouldBeEmpty();
            File.ReadAllText(Path + ".damaged").ShouldBe(text[..length]);
        }

        _logger.Lines.ShouldAllBe(line => line.Contains("is damaged"));
        _logger.Lines.ShouldNotBeEmpty();
    }

    [Fact]
    public void Open_TermChanged_IsNoticed()
    {
        using (var store = Open())
        {
            store.EnsureDurable(Address, 42);
        }

        File.WriteAllText(Path, File.ReadAllText(Path).Replace(" 42\n", " 41\n"));

        using var again = Open();
        again.Terms.ShouldBeEmpty();
        _logger.Lines.Count.ShouldBe(1);
    }

    [Fact]
    public void EnsureDurable_DiskRefuses_SaysSoOnceAndReturns()
    {
        // A file where the folder should be.
        File.WriteAllText(_folder.File("state"), "");
        using var store = Open();
        store.EnsureDurable(Address, 1);
        store.EnsureDurable(Address, 2);

        _logger.Lines.Count(line => line.Contains("cannot be written")).ShouldBe(1);
    }

    public void Dispose() => _folder.Dispose();

    private TermStore Open() => TermStore.Open(Path, TimeProvider.System, _logger);
}
