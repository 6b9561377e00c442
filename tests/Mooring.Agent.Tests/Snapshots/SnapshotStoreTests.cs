using System.Net;
using Mooring.Agent.Snapshots;
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

    private SnapshotStore Store => new(_directory.Path, _log);

    private string Newest => _directory.File("snapshot.bin");

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
