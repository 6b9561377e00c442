using System.Net;
using Mooring.Agent.Snapshots;
using Mooring.Core.Snapshots;
using Mooring.Protocol.Snapshots;

namespace Mooring.Agent.Tests.Snapshots;

public sealed class SnapshotStoreTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ListLogger<SnapshotStore> _log = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Load_AfterSave_IsTheSame()
    {
        var snapshot = TestSnapshots.Web(4, new IPEndPoint(IPAddress.Parse("10.71.1.2"), 8080));
        await Store.SaveAsync(snapshot, CancellationToken.None);

        var loaded = await Store.LoadAsync(CancellationToken.None);

        SnapshotMapping.ToProto(loaded!).ShouldBe(SnapshotMapping.ToProto(snapshot));
        File.GetUnixFileMode(Newest).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.Exists(Newest + ".tmp").ShouldBeFalse();
    }

    [Fact]
    public async Task Save_OverALeftOverThatAllCanRead_IsForItsOwnerAlone()
    {
        var leftOver = _directory.File("snapshot.bin.tmp");
        await File.WriteAllTextAsync(leftOver, "half a snapshot");
        File.SetUnixFileMode(leftOver, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);

        await Store.SaveAsync(TestSnapshots.Web(4), CancellationToken.None);
        await Store.SaveAsync(TestSnapshots.Web(5), CancellationToken.None);

        foreach (var file in Directory.EnumerateFiles(_directory.Path))
        {
            File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite, file);
        }
    }

    [Fact]
    public async Task Load_NothingSaved_IsNull()
    {
        (await Store.LoadAsync(CancellationToken.None)).ShouldBeNull();
        _log.Lines.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("empty", "truncated: 0 bytes")]
    [InlineData("header cut", "truncated: 20 bytes")]
    [InlineData("payload cut", "truncated or overlong")]
    [InlineData("longer", "truncated or overlong")]
    [InlineData("bit flipped", "corrupt: the SHA-256")]
    [InlineData("other file", "is no snapshot file")]
    [InlineData("newer format", "format version 2 is not 1")]
    public async Task Load_SpoiledFile_IsMovedAsideAndSaidWhy(string how, string reason)
    {
        await Store.SaveAsync(TestSnapshots.Web(4), CancellationToken.None);
        Spoil(how);

        (await Store.LoadAsync(CancellationToken.None)).ShouldBeNull();

        _log.Lines.ShouldHaveSingleItem().ShouldContain(reason);
        _log.Lines[0].ShouldContain(Newest);
        File.Exists(Newest).ShouldBeFalse();
        File.Exists(Newest + ".corrupt").ShouldBeTrue();
    }

    [Fact]
    public async Task Load_NewestSpoiled_ThePreviousIsTaken()
    {
        await Store.SaveAsync(TestSnapshots.Web(4), CancellationToken.None);
        await Store.SaveAsync(TestSnapshots.Web(5), CancellationToken.None);
        Spoil("bit flipped");

        (await Store.LoadAsync(CancellationToken.None))!.Revision.ShouldBe(4UL);
    }

    [Fact]
    public async Task Load_CrashBetweenTheRenames_ThePreviousIsTaken()
    {
        await Store.SaveAsync(TestSnapshots.Web(4), CancellationToken.None);
        File.Move(Newest, Newest + ".prev");
        await File.WriteAllTextAsync(Newest + ".tmp", "half");

        (await Store.LoadAsync(CancellationToken.None))!.Revision.ShouldBe(4UL);
    }

    [Fact]
    public async Task Load_AfterChanges_HasThem()
    {
        var store = Store;
        var snapshot = await SaveWithChangesAsync(store, 3);
        File.GetUnixFileMode(Changes).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);

        var again = Store;
        SnapshotMapping.ToProto((await again.LoadAsync(CancellationToken.None))!).ShouldBe(SnapshotMapping.ToProto(snapshot));

        // It goes on where the last run ended.
        var next = Backends(8, 9);
        await again.SaveAsync(next, SnapshotDiff.Compute(snapshot, next)!, CancellationToken.None);
        (await Store.LoadAsync(CancellationToken.None))!.Revision.ShouldBe(8UL);
        (await File.ReadAllBytesAsync(Newest)).Length.ShouldBeLessThan((int)new FileInfo(Changes).Length);
    }

    [Fact]
    public async Task Load_LastChangeCut_IsWithoutIt()
    {
        await SaveWithChangesAsync(Store, 3);
        var bytes = await File.ReadAllBytesAsync(Changes);
        await File.WriteAllBytesAsync(Changes, bytes[..^1]);

        var store = Store;
        var cut = (await store.LoadAsync(CancellationToken.None))!;
        cut.Revision.ShouldBe(6UL);

        // Nothing is written behind what cannot be read.
        var next = Backends(9, 1);
        await store.SaveAsync(next, SnapshotDiff.Compute(cut, next)!, CancellationToken.None);
        File.Exists(Changes).ShouldBeFalse();
        (await Store.LoadAsync(CancellationToken.None))!.Revision.ShouldBe(9UL);
    }

    [Fact]
    public async Task Load_ChangesOfAnEarlierSnapshot_AreLeft()
    {
        await SaveWithChangesAsync(Store, 3);
        var stale = await File.ReadAllBytesAsync(Changes);
        await Store.SaveAsync(Backends(20, 5), CancellationToken.None);
        File.Exists(Changes).ShouldBeFalse();
        await File.WriteAllBytesAsync(Changes, stale);

        (await Store.LoadAsync(CancellationToken.None))!.Revision.ShouldBe(20UL);
    }

    [Fact]
    public async Task Save_ChangesGrowLong_AllIsSavedAgain()
    {
        var store = Store;
        var snapshot = Backends(1, 1);
        await store.SaveAsync(snapshot, CancellationToken.None);
        for (var revision = 2UL; revision < 1000 && (revision == 2 || File.Exists(Changes)); revision++)
        {
            var next = Backends(revision, 200 + (int)(revision % 2));
            await store.SaveAsync(next, SnapshotDiff.Compute(snapshot, next)!, CancellationToken.None);
            snapshot = next;
        }

        File.Exists(Changes).ShouldBeFalse();
        (await Store.LoadAsync(CancellationToken.None))!.Revision.ShouldBe(snapshot.Revision);
    }

    [Fact]
    public async Task Load_EveryTruncation_NeverThrows()
    {
        await Store.SaveAsync(TestSnapshots.Web(4), CancellationToken.None);
        var whole = await File.ReadAllBytesAsync(Newest);
        for (var length = 0; length < whole.Length; length++)
        {
            await File.WriteAllBytesAsync(Newest, whole[..length]);
            (await Store.LoadAsync(CancellationToken.None)).ShouldBeNull($"{length} bytes");
        }
    }

    /// <summary>Saves revision 4 whole and the next ones as changes.</summary>
    private static async Task<ClusterSnapshot> SaveWithChangesAsync(SnapshotStore store, int changes)
    {
        var snapshot = Backends(4, 1);
        await store.SaveAsync(snapshot, CancellationToken.None);
        for (var i = 1; i <= changes; i++)
        {
            var next = Backends(4 + (ulong)i, 1 + i);
            await store.SaveAsync(next, SnapshotDiff.Compute(snapshot, next)!, CancellationToken.None);
            snapshot = next;
        }

        return snapshot;
    }

    private static ClusterSnapshot Backends(ulong revision, int count) =>
        TestSnapshots.Web(revision, [.. Enumerable.Range(1, count).Select(i => new IPEndPoint(new IPAddress([10, 71, 1, (byte)i]), 8080))]);

    private SnapshotStore Store => new(_directory.Path, _log);

    private string Newest => _directory.File("snapshot.bin");

    private string Changes => _directory.File("snapshot.changes");

    private void Spoil(string how)
    {
        var bytes = File.ReadAllBytes(Newest);
        File.WriteAllBytes(Newest, how switch
        {
            "empty" => [],
            "header cut" => bytes[..20],
            "payload cut" => bytes[..^1],
            "longer" => [.. bytes, 0],
            "bit flipped" => [.. bytes[..^3], (byte)(bytes[^3] ^ 1), .. bytes[^2..]],
            "other file" => "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: something-else\n"u8.ToArray(),
            "newer format" => [.. bytes[..11], 2, .. bytes[12..]],
            _ => throw new ArgumentOutOfRangeException(nameof(how), how, "not a way to spoil"),
        });
    }
}
