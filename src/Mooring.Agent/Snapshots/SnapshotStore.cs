using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Mooring.Core.Snapshots;
using Mooring.Protocol.Snapshots;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Agent.Snapshots;

/// <summary>
/// The last snapshot on disk, so that the agent works after a restart without any controller. A save either happens
/// whole or not at all; the generation before is kept and tried when the newest cannot be read. Changes are appended to a
/// file beside it, until they are as long as the snapshot. Readable by root only: the snapshot has the heartbeat keys.
/// Calls come one at a time.
/// </summary>
internal sealed partial class SnapshotStore(string directory, ILogger<SnapshotStore> logger)
{
    private const string FileName = "snapshot.bin";
    private const long MaxFileBytes = 2L * SnapshotLimits.MaxControllerMessageBytes;

    /// <summary>Below this it is not worth to save all of it again.</summary>
    private const long MinJournalBytes = 256 * 1024;

    private readonly string _newest = Path.Combine(directory, FileName);
    private readonly string _previous = Path.Combine(directory, FileName + ".prev");
    private readonly SnapshotJournal _journal = new(Path.Combine(directory, "snapshot.changes"), logger);
    private long _length;

    /// <summary>The newest snapshot that can be read, with the changes to it, or null.</summary>
    public async Task<ClusterSnapshot?> LoadAsync(CancellationToken cancellationToken)
    {
        var snapshot = await LoadAsync(_newest, cancellationToken).ConfigureAwait(false)
            ?? await LoadAsync(_previous, cancellationToken).ConfigureAwait(false);
        return snapshot is null ? null : await _journal.ReadAsync(snapshot, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Saves the change that led to <paramref name="snapshot"/>; all of it when it is time to.</summary>
    /// <exception cref="IOException">The disk refused; what was saved before is still there.</exception>
    /// <exception cref="UnauthorizedAccessException">No right to write the directory.</exception>
    public Task SaveAsync(ClusterSnapshot snapshot, Delta delta, CancellationToken cancellationToken) =>
        _journal.Revision == delta.BaseRevision && _journal.Length < Math.Max(_length, MinJournalBytes)
            ? _journal.AppendAsync(delta, cancellationToken)
            : SaveAsync(snapshot, cancellationToken);

    /// <exception cref="IOException">The disk refused; the last saved snapshot is still there.</exception>
    /// <exception cref="UnauthorizedAccessException">No right to write the directory.</exception>
    public async Task SaveAsync(ClusterSnapshot snapshot, CancellationToken cancellationToken)
    {
        var payload = SnapshotMapping.ToProto(snapshot).ToByteArray();
        var temporary = _newest + ".tmp";
        Directory.CreateDirectory(directory);

        // A left-over keeps the mode it was made with.
        File.Delete(temporary);
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        await using (var file = new FileStream(temporary, options))
        {
            await file.WriteAsync(SnapshotFile.Header(payload), cancellationToken).ConfigureAwait(false);
            await file.WriteAsync(payload, cancellationToken).ConfigureAwait(false);
            file.Flush(flushToDisk: true);
        }

        // A crash between the two leaves the previous generation, which a load finds.
        if (File.Exists(_newest))
        {
            File.Move(_newest, _previous, overwrite: true);
        }

        File.Move(temporary, _newest, overwrite: true);
        _length = payload.Length;
        _journal.Begin(snapshot.Revision);
    }

    private async Task<ClusterSnapshot?> LoadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists)
            {
                return null;
            }

            if (file.Length > MaxFileBytes)
            {
                throw new InvalidDataException($"{file.Length} bytes are more than the {MaxFileBytes} a snapshot can have");
            }

            var bytes = await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false);
            var snapshot = Read(bytes);
            _length = bytes.Length;
            Log.Loaded(logger, path, snapshot.Revision);
            return snapshot;
        }
        catch (InvalidDataException exception)
        {
            var aside = path + ".corrupt";
            Log.Corrupt(logger, path, exception.Message, aside);
            MoveAside(path, aside);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.Unreadable(logger, path, exception);
            return null;
        }
    }

    private static ClusterSnapshot Read(byte[] bytes)
    {
        Snapshot message;
        try
        {
            message = Snapshot.Parser.ParseFrom(SnapshotFile.Payload(bytes).Span);
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw new InvalidDataException($"its contents are no snapshot: {exception.Message}", exception);
        }

        var result = SnapshotMapping.ToCore(message);
        return result.Snapshot ?? throw new InvalidDataException(
            $"its contents are refused: {result.Problems[0].Object} {result.Problems[0].Field} {result.Problems[0].Message}");
    }

    private void MoveAside(string path, string aside)
    {
        try
        {
            File.Move(path, aside, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.Unreadable(logger, path, exception);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Snapshot {Revision} loaded from {Path}")]
        public static partial void Loaded(ILogger logger, string path, ulong revision);

        [LoggerMessage(LogLevel.Error, "Snapshot file {Path} cannot be used: {Reason}. It is kept as {Aside}")]
        public static partial void Corrupt(ILogger logger, string path, string reason, string aside);

        [LoggerMessage(LogLevel.Error, "Snapshot file {Path} cannot be read or moved")]
        public static partial void Unreadable(ILogger logger, string path, Exception exception);
    }
}
