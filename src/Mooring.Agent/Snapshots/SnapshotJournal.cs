using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Mooring.Core.Snapshots;
using Mooring.Protocol.Snapshots;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Agent.Snapshots;

/// <summary>
/// The changes since a snapshot was saved, one after the other in a file of their own: to save ten thousand services again for each
/// endpoint that changes would take longer than all the rest.
/// </summary>
internal sealed partial class SnapshotJournal(string path, ILogger logger)
{
    /// <summary>Revision that the next change has to start from; null when nothing can be appended.</summary>
    public ulong? Revision { get; private set; }

    /// <summary>In bytes.</summary>
    public long Length { get; private set; }

    /// <summary>A snapshot of this revision was saved: the changes up to it are not needed any more.</summary>
    public void Begin(ulong revision)
    {
        // Those that a crash keeps from being deleted do not start from what was saved, so they are not taken.
        Revision = null;
        File.Delete(path);
        (Revision, Length) = (revision, 0);
    }

    public async Task AppendAsync(Delta delta, CancellationToken cancellationToken)
    {
        // After a write that failed half-way nothing may follow.
        Revision = null;
        var payload = delta.ToByteArray();
        var header = SnapshotFile.Header(SnapshotFile.ChangeMagic, payload);
        var options = new FileStreamOptions
        {
            Mode = FileMode.Append,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        await using (var file = new FileStream(path, options))
        {
            await file.WriteAsync(header, cancellationToken).ConfigureAwait(false);
            await file.WriteAsync(payload, cancellationToken).ConfigureAwait(false);
            file.Flush(flushToDisk: true);
        }

        (Revision, Length) = (delta.Revision, Length + header.Length + payload.Length);
    }

    /// <summary>The snapshot after the changes that are there, up to the first that is not whole.</summary>
    public async Task<ClusterSnapshot> ReadAsync(ClusterSnapshot snapshot, CancellationToken cancellationToken)
    {
        try
        {
            ReadOnlyMemory<byte> rest = File.Exists(path) ? await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false) : default;
            Length = rest.Length;
            var changes = 0;
            while (!rest.IsEmpty)
            {
                if (Next(snapshot, ref rest) is not { } next)
                {
                    Log.Ended(logger, path, changes, snapshot.Revision);
                    return snapshot;
                }

                (snapshot, changes) = (next, changes + 1);
            }

            Revision = snapshot.Revision;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.Unreadable(logger, path, exception);
        }

        return snapshot;
    }

    private static ClusterSnapshot? Next(ClusterSnapshot snapshot, ref ReadOnlyMemory<byte> rest)
    {
        try
        {
            return SnapshotFile.TakeChange(ref rest) is { } change
                ? SnapshotDiff.Apply(snapshot, Delta.Parser.ParseFrom(change.Span)).Snapshot
                : null;
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Changes in {Path} end after {Changes} of them, at snapshot {Revision}: the rest cannot be used")]
        public static partial void Ended(ILogger logger, string path, int changes, ulong revision);

        [LoggerMessage(LogLevel.Error, "Changes in {Path} cannot be read")]
        public static partial void Unreadable(ILogger logger, string path, Exception exception);
    }
}
