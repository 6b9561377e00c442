using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Mooring.Linux;

namespace Mooring.Sandbox.KubeApi.Storage;

/// <summary>
/// The append-only log. Writes that arrive while the disk is busy share the next flush, so that throughput does not
/// hang on the latency of one. When the log has outgrown the data it describes, a snapshot replaces it.
/// </summary>
internal sealed partial class WriteLog : IWriteLog
{
    /// <summary>The log is folded into a snapshot past this size.</summary>
    private const long DefaultMaxLogBytes = 32 << 20;

    private readonly Channel<Entry> _entries = Channel.CreateUnbounded<Entry>(new UnboundedChannelOptions { SingleReader = true });
    private readonly DataDirectory _directory;
    private readonly ILogger _logger;
    private readonly long _maxLogBytes;
    private readonly Task _loop;
    private FileStream _stream;
    private Exception? _fault;

    /// <summary>Opens the log for a directory whose content was loaded as <paramref name="image"/>.</summary>
    public WriteLog(DataDirectory directory, StoreImage image, ILogger logger, long maxLogBytes = DefaultMaxLogBytes)
    {
        _directory = directory;
        _logger = logger;
        _maxLogBytes = maxLogBytes;

        // A fresh snapshot also cuts off a torn tail, after which nothing may be appended to that file.
        directory.WriteSnapshot(image);
        _stream = directory.CreateLog(image.Revision);
        _loop = Task.Run(RunAsync);
    }

    public Task AppendAsync(StoreChange change, Func<StoreImage> image)
    {
        if (Volatile.Read(ref _fault) is { } fault)
        {
            throw new IOException("the write log has failed; the server accepts no more writes", fault);
        }

        var entry = new Entry(change, image, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        if (!_entries.Writer.TryWrite(entry))
        {
            throw new ObjectDisposedException(nameof(WriteLog));
        }

        return entry.Durable.Task;
    }

    public async ValueTask DisposeAsync()
    {
        _entries.Writer.TryComplete();
        await _loop;
        await _stream.DisposeAsync();
    }

    private async Task RunAsync()
    {
        var batch = new List<Entry>();
        while (await _entries.Reader.WaitToReadAsync())
        {
            batch.Clear();
            while (_entries.Reader.TryRead(out var entry))
            {
                batch.Add(entry);
            }

            try
            {
                Write(batch);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or OverflowException or SystemCallException)
            {
                Volatile.Write(ref _fault, e);
                Log.Failed(_logger, e);
                batch.ForEach(b => b.Durable.TrySetException(new IOException("the write could not be made durable", e)));
                continue;
            }

            batch.ForEach(b => b.Durable.TrySetResult());
        }
    }

    private void Write(List<Entry> batch)
    {
        if (_fault is not null)
        {
            throw new IOException("the write log has failed", _fault);
        }

        foreach (var entry in batch)
        {
            LogRecord.Write(_stream, entry.Change.Revision, entry.Change.Key, entry.Change.Current?.Json);
        }

        _stream.Flush(flushToDisk: true);
        if (_stream.Length < _maxLogBytes)
        {
            return;
        }

        // The new log is opened first: a crash before the snapshot's rename leaves old snapshot, old log and new log,
        // which load in that order.
        var image = batch[^1].Image();
        var full = _stream;
        _stream = _directory.CreateLog(image.Revision);
        full.Dispose();
        _directory.WriteSnapshot(image);
        Log.Folded(_logger, image.Revision);
    }

    private sealed record Entry(StoreChange Change, Func<StoreImage> Image, TaskCompletionSource Durable);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "The write log failed; no more writes are accepted")]
        public static partial void Failed(ILogger logger, Exception exception);

        [LoggerMessage(LogLevel.Debug, "Folded the write log into a snapshot at {Revision}")]
        public static partial void Folded(ILogger logger, long revision);
    }
}
