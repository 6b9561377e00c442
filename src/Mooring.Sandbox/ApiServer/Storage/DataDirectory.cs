using System.Collections.Immutable;
using System.Globalization;
using Mooring.Linux.Files;

namespace Mooring.Sandbox.KubeApi.Storage;

/// <summary>
/// The files of a durable server: <c>snapshot-R</c> holds everything up to revision R, <c>log-R</c> the writes after R.
/// Loading takes the newest snapshot and every later log in order; only the very last log may end in a torn record.
/// </summary>
internal sealed class DataDirectory(string path)
{
    /// <summary>
    /// Added to the revision at every start. A write that was seen by watchers but not yet durable when the process
    /// died leaves its revision behind with them; the gap keeps that number from being used again for another write.
    /// </summary>
    public const long RestartGap = 1_000_000;

    private const string SnapshotPrefix = "snapshot-";
    private const string LogPrefix = "log-";

    public string Path => path;

    public string LogFile(long revision) => System.IO.Path.Combine(path, $"{LogPrefix}{revision:D20}");

    /// <summary>Reads the directory, creating it if needed. Throws <see cref="InvalidDataException"/> on damage that is not a torn tail.</summary>
    public StoreImage Load()
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            // Secrets are among the objects.
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        if (OperatingSystem.IsLinux() && System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path)) is { } parent)
        {
            DirectoryEntries.Flush(parent);
        }

        foreach (var leftover in Directory.EnumerateFiles(path, "*.tmp"))
        {
            File.Delete(leftover);
        }

        var resources = new Dictionary<string, ImmutableSortedDictionary<string, StoredObject>.Builder>(StringComparer.Ordinal);
        long revision = 0;
        var snapshot = Numbered(SnapshotPrefix).LastOrDefault();
        if (snapshot.File is not null)
        {
            revision = snapshot.Revision;
            Replay(snapshot.File, resources, ref revision, tornTailAllowed: false);
        }

        var logs = Numbered(LogPrefix).Where(l => l.Revision >= snapshot.Revision).ToList();
        foreach (var (_, file) in logs)
        {
            Replay(file, resources, ref revision, tornTailAllowed: file == logs[^1].File);
        }

        return new StoreImage(revision, resources
            .Where(r => r.Value.Count > 0)
            .ToImmutableDictionary(r => r.Key, r => r.Value.ToImmutable(), StringComparer.Ordinal));
    }

    /// <summary>Writes a snapshot so that it is either wholly there or not at all, then drops what it replaces.</summary>
    public void WriteSnapshot(StoreImage image)
    {
        var final = System.IO.Path.Combine(path, $"{SnapshotPrefix}{image.Revision:D20}");
        var temporary = final + ".tmp";
        using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
        {
            foreach (var stored in image.Resources.Values.SelectMany(r => r.Values))
            {
                LogRecord.Write(stream, stored.Revision, stored.Key, stored.Json);
            }

            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, final, overwrite: true);
        FlushNames();
        foreach (var (revision, file) in Numbered(SnapshotPrefix).Concat(Numbered(LogPrefix)))
        {
            if (revision < image.Revision)
            {
                File.Delete(file);
            }
        }
    }

    /// <summary>Creates a log so that it will be found after a crash: its name must be as durable as what is written to it.</summary>
    public FileStream CreateLog(long revision)
    {
        var stream = new FileStream(LogFile(revision), FileMode.Create, FileAccess.Write, FileShare.Read, 1 << 16);
        FlushNames();
        return stream;
    }

    private void FlushNames()
    {
        if (OperatingSystem.IsLinux())
        {
            DirectoryEntries.Flush(path);
        }
    }

    private List<(long Revision, string File)> Numbered(string prefix) =>
        [.. Directory.EnumerateFiles(path, prefix + "*")
            .Select(f => (Ok: long.TryParse(System.IO.Path.GetFileName(f)[prefix.Length..], CultureInfo.InvariantCulture, out var r), Revision: r, File: f))
            .Where(f => f.Ok)
            .Select(f => (f.Revision, f.File))
            .OrderBy(f => f.Revision)];

    private static void Replay(
        string file,
        Dictionary<string, ImmutableSortedDictionary<string, StoredObject>.Builder> resources,
        ref long revision,
        bool tornTailAllowed)
    {
        var data = File.ReadAllBytes(file).AsSpan();
        var offset = 0;
        while (offset < data.Length)
        {
            if (!LogRecord.TryRead(data[offset..], out var length, out var written, out var key, out var json))
            {
                if (!tornTailAllowed)
                {
                    throw new InvalidDataException($"{file} is damaged at byte {offset}; restore it or start with an empty data directory");
                }

                return;
            }

            offset += length;
            revision = Math.Max(revision, written);
            if (!resources.TryGetValue(key.Resource, out var objects))
            {
                resources[key.Resource] = objects = ResourceSnapshot.Empty.ToBuilder();
            }

            if (json.Length == 0)
            {
                objects.Remove(key.Path);
            }
            else
            {
                objects[key.Path] = StoredObject.Load(key, written, json);
            }
        }
    }
}
