using System.Net;
using Microsoft.Extensions.Logging;
using Mooring.Agent.OnDisk;

namespace Mooring.Agent.Failover;

/// <summary>
/// Keeps the terms this node may have used on disk, so that they grow over a restart. Written ahead of need by a
/// thread of its own; a takeover waits only if the disk has not kept up. A disk that fails costs the promise, not the
/// address: it is logged and failover goes on.
/// </summary>
internal sealed partial class TermStore : IDisposable
{
    private readonly string _path;
    private readonly ILogger<TermStore> _logger;
    private readonly Lock _gate = new();
    private readonly Lock _writing = new();
    private readonly Dictionary<IPAddress, ulong> _wanted;
    private readonly AutoResetEvent _changed = new(initialState: false);
    private readonly Thread _writer;
    private Dictionary<IPAddress, ulong> _durable;
    private volatile bool _closed;
    private bool _failing;

    private TermStore(string path, TermFile found, ulong epoch, ILogger<TermStore> logger)
    {
        _path = path;
        _logger = logger;
        Epoch = epoch;
        Terms = found.Terms;
        _wanted = new Dictionary<IPAddress, ulong>(found.Terms);
        _durable = new Dictionary<IPAddress, ulong>(found.Terms);
        _writer = new Thread(WriteLoop) { IsBackground = true, Name = "term-store" };
    }

    /// <summary>Number of this start, larger than that of every start before.</summary>
    public ulong Epoch { get; }

    /// <summary>What earlier starts left.</summary>
    public IReadOnlyDictionary<IPAddress, ulong> Terms { get; }

    /// <summary>Reads the file and writes the epoch of this start into it. A file that is damaged is set aside.</summary>
    public static TermStore Open(string path, TimeProvider timeProvider, ILogger<TermStore> logger)
    {
        var found = TermFile.Empty;
        try
        {
            found = TermFile.Parse(File.ReadAllText(path));
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            Log.NoFile(logger, path);
        }
        catch (Exception exception) when (exception is FormatException or OverflowException)
        {
            Log.Damaged(logger, path, exception);
            SetAside(path, logger);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.Unreadable(logger, path, exception);
        }

        // The clock keeps epochs growing after a lost file, the file after a clock set back.
        var clock = (ulong)Math.Max(0, timeProvider.GetUtcNow().ToUnixTimeMilliseconds());
        var store = new TermStore(path, found, Math.Max(found.Epoch + 1, clock), logger);
        store.Write();
        store._writer.Start();
        return store;
    }

    /// <summary>Asks for terms up to <paramref name="highest"/> to be made durable soon.</summary>
    public void Reserve(IPAddress address, ulong highest)
    {
        lock (_gate)
        {
            if (_wanted.GetValueOrDefault(address) >= highest)
            {
                return;
            }

            _wanted[address] = highest;
        }

        _changed.Set();
    }

    /// <summary>Returns when <paramref name="term"/> is durable, or could not be made so.</summary>
    public void EnsureDurable(IPAddress address, ulong term)
    {
        lock (_gate)
        {
            if (_durable.GetValueOrDefault(address) >= term)
            {
                return;
            }

            _wanted[address] = Math.Max(term, _wanted.GetValueOrDefault(address));
        }

        Write();
    }

    public void Dispose()
    {
        _closed = true;
        _changed.Set();
        if (_writer.IsAlive)
        {
            _writer.Join();
        }
    }

    private void WriteLoop()
    {
        while (!_closed)
        {
            _changed.WaitOne();
            Write();
        }
    }

    private void Write()
    {
        lock (_writing)
        {
            Dictionary<IPAddress, ulong> terms;
            lock (_gate)
            {
                terms = new Dictionary<IPAddress, ulong>(_wanted);
            }

            try
            {
                DurableFile.Write(_path, new TermFile(Epoch, terms).Format());
                _failing = false;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                if (!_failing)
                {
                    Log.NotWritten(_logger, _path, exception);
                }

                _failing = true;
                return;
            }

            lock (_gate)
            {
                _durable = terms;
            }
        }
    }

    private static void SetAside(string path, ILogger logger)
    {
        try
        {
            File.Move(path, path + ".damaged", overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.Unreadable(logger, path, exception);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "No term file at {Path}: terms start from the snapshot")]
        public static partial void NoFile(ILogger logger, string path);

        [LoggerMessage(Level = LogLevel.Error,
            Message = "Term file {Path} is damaged: it is kept as {Path}.damaged and terms start from the snapshot")]
        public static partial void Damaged(ILogger logger, string path, Exception exception);

        [LoggerMessage(Level = LogLevel.Error, Message = "Term file {Path} cannot be read or moved")]
        public static partial void Unreadable(ILogger logger, string path, Exception exception);

        [LoggerMessage(Level = LogLevel.Error,
            Message = "Term file {Path} cannot be written: terms are not kept over a restart until it can")]
        public static partial void NotWritten(ILogger logger, string path, Exception exception);
    }
}
