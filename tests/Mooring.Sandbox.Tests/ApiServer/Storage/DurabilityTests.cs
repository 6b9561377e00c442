using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Sandbox.KubeApi.Storage;

namespace Mooring.Sandbox.Tests.KubeApi.Storage;

public sealed class DurabilityTests : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("mooring-data-").FullName;

    public void Dispose() => Directory.Delete(_path, recursive: true);

    [Fact]
    public async Task Load_AfterRestart_FindsEveryAcknowledgedWrite()
    {
        await using (var store = Open())
        {
            var a = await store.TryPutAsync(Key("a"), null, Value("a", 1));
            await store.TryPutAsync(Key("b"), null, Value("b", 1));
            await store.TryPutAsync(Key("a"), a, Value("a", 2));
            await store.TryDeleteAsync(store.Get(Key("b"))!);
        }

        await using var again = Open();
        again.Get(Key("a"))!.Read()["n"]!.GetValue<long>().ShouldBe(2);
        again.Get(Key("b")).ShouldBeNull();
        again.Revision.ShouldBeGreaterThan(4);
        again.Subscribe("things", 4, out _).ShouldBeNull("a revision of the previous run cannot be resumed");
    }

    [Fact]
    public async Task Load_LogCutAnywhere_KeepsAPrefixOfTheWrites()
    {
        await using (var store = Open())
        {
            for (var i = 0; i < 5; i++)
            {
                await store.TryPutAsync(Key($"k{i}"), null, Value($"k{i}", i));
            }
        }

        var log = Directory.GetFiles(_path, "log-*").Single();
        var whole = await File.ReadAllBytesAsync(log, TestContext.Current.CancellationToken);
        var last = 5;
        for (var length = whole.Length; length >= 0; length -= 7)
        {
            await File.WriteAllBytesAsync(log, whole[..length], TestContext.Current.CancellationToken);
            var image = new DataDirectory(_path).Load();
            var count = image.Resources.TryGetValue("things", out var things) ? things.Count : 0;
            count.ShouldBeLessThanOrEqualTo(last);
            Enumerable.Range(0, count).ShouldAllBe(i => things!.ContainsKey($"ns/k{i}"));
            last = count;
        }

        last.ShouldBe(0);
    }

    [Fact]
    public async Task Load_DamagedSnapshot_IsRefusedByName()
    {
        await using (var store = Open())
        {
            await store.TryPutAsync(Key("a"), null, Value("a", 1));
        }

        await using (Open())
        {
            // The second start folds the log into a snapshot.
        }

        var snapshot = Directory.GetFiles(_path, "snapshot-*").Single();
        var bytes = await File.ReadAllBytesAsync(snapshot, TestContext.Current.CancellationToken);
        bytes[^3] ^= 0xff;
        await File.WriteAllBytesAsync(snapshot, bytes, TestContext.Current.CancellationToken);

        Should.Throw<InvalidDataException>(() => new DataDirectory(_path).Load()).Message.ShouldContain(snapshot);
    }

    [Fact]
    public async Task Append_LogOutgrown_IsFoldedIntoASnapshot()
    {
        await using (var store = Open(maxLogBytes: 2000))
        {
            var current = await store.TryPutAsync(Key("a"), null, Value("a", 0));
            for (var i = 1; i <= 100; i++)
            {
                current = await store.TryPutAsync(Key("a"), current, Value("a", i));
            }
        }

        Directory.GetFiles(_path, "log-*").Sum(f => new FileInfo(f).Length).ShouldBeLessThan(2500);
        new DataDirectory(_path).Load().Resources["things"]["ns/a"].Read()["n"]!.GetValue<long>().ShouldBe(100);
    }

    [Fact]
    public async Task Load_FoldCutShortAnywhere_FindsEveryWrite()
    {
        await using (var store = Open())
        {
            for (var i = 0; i < 20; i++)
            {
                await store.TryPutAsync(Key($"k{i}"), null, Value($"k{i}", i));
            }
        }

        // The steps of a fold are: a new log, the snapshot under another name, its rename, the deletion of what it replaces.
        var image = new DataDirectory(_path).Load();
        var old = Directory.GetFiles(_path).ToDictionary(f => f, File.ReadAllBytes);
        await using (new DataDirectory(_path).CreateLog(image.Revision))
        {
            Count().ShouldBe(20, "the new log is there");
        }

        var half = Path.Combine(_path, $"snapshot-{image.Revision:D20}.tmp");
        await File.WriteAllBytesAsync(half, [1, 2, 3], TestContext.Current.CancellationToken);
        Count().ShouldBe(20, "half a snapshot lies there");
        File.Exists(half).ShouldBeFalse();
        new DataDirectory(_path).WriteSnapshot(image);
        foreach (var (file, content) in old)
        {
            await File.WriteAllBytesAsync(file, content, TestContext.Current.CancellationToken);
        }

        Count().ShouldBe(20, "the old files have not been deleted yet");

        int Count() => new DataDirectory(_path).Load().Resources["things"].Count;
    }

    [Fact]
    public async Task Load_TailOverwrittenAtRandom_KeepsWhatCameBefore()
    {
        await using (var store = Open())
        {
            for (var i = 0; i < 30; i++)
            {
                await store.TryPutAsync(Key($"k{i:D2}"), null, Value($"k{i:D2}", i));
            }
        }

        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var log = Directory.GetFiles(_path, "log-*").Single();
        var whole = await File.ReadAllBytesAsync(log, TestContext.Current.CancellationToken);
        for (var round = 0; round < 200; round++)
        {
            // What a disk may leave of the last write: its beginning, then zeros or anything else.
            var cut = random.Next(whole.Length);
            var damaged = whole.ToArray();
            if (round % 2 == 0)
            {
                damaged.AsSpan(cut).Clear();
            }
            else
            {
                random.NextBytes(damaged.AsSpan(cut));
            }

            await File.WriteAllBytesAsync(log, damaged, TestContext.Current.CancellationToken);
            var things = new DataDirectory(_path).Load().Resources.GetValueOrDefault("things");
            var count = things?.Count ?? 0;
            var record = whole.Length / 30;
            count.ShouldBeGreaterThanOrEqualTo((cut / record) - 1);
            Enumerable.Range(0, count).ShouldAllBe(i => things!.ContainsKey($"ns/k{i:D2}"));
        }
    }

    [Fact]
    public async Task Write_ManyAtOnce_AllBecomeDurable()
    {
        await using (var store = Open())
        {
            await Task.WhenAll(Enumerable.Range(0, 200).Select(i => store.TryPutAsync(Key($"k{i}"), null, Value($"k{i}", i))));
        }

        new DataDirectory(_path).Load().Resources["things"].Count.ShouldBe(200);
    }

    private static ObjectKey Key(string name) => new("things", "ns", name);

    private static JsonObject Value(string name, long n) => new() { ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "ns" }, ["n"] = n };

    private ResourceStore Open(long maxLogBytes = 1 << 20)
    {
        var directory = new DataDirectory(_path);
        var image = directory.Load();
        image = image.Revision == 0 ? image : image with { Revision = image.Revision + DataDirectory.RestartGap };
        return new ResourceStore(image, new WriteLog(directory, image, NullLogger.Instance, maxLogBytes), 100);
    }
}
