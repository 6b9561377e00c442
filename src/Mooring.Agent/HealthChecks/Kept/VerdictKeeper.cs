using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mooring.Agent.OnDisk;
using Mooring.Core.Health;
using Mooring.Protocol.Snapshots;

namespace Mooring.Agent.HealthChecks.Kept;

/// <summary>
/// Keeps on disk which endpoints are unhealthy, so that an agent that starts anew sends nobody to them while it has not
/// checked them yet. The file is there while there are some; its time of modification tells until when somebody stood by it.
/// </summary>
internal sealed partial class VerdictKeeper(
    string path, HealthCheckService checks, TimeProvider timeProvider, ILogger<VerdictKeeper> logger) : BackgroundService
{
    /// <summary>Well below <see cref="KeptVerdicts.MaxAge"/>.</summary>
    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(30);

    /// <summary>Changes within this long are written together.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(250);

    private readonly Channel<byte> _wake = Channel.CreateBounded<byte>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly CheckFingerprints _rules = new();
    private string? _written;
    private bool _failing;

    /// <summary>Gives the checks what the file says; to be called before their first snapshot.</summary>
    public void Restore()
    {
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists)
            {
                return;
            }

            // One from the future: the clock was set, so nobody knows how old it is.
            var age = timeProvider.GetUtcNow().UtcDateTime - file.LastWriteTimeUtc;
            if (age > KeptVerdicts.MaxAge || age < -KeptVerdicts.MaxAge || file.Length > KeptVerdictFile.MaxLength)
            {
                Log.Stale(logger, path, age);
                return;
            }

            var verdicts = KeptVerdictFile.Parse(File.ReadAllText(path));
            checks.Restore(new KeptVerdicts(verdicts, age, timeProvider));
            Log.Restored(logger, path, verdicts.Count, age);
        }
        catch (Exception exception) when (exception is FormatException or IOException or UnauthorizedAccessException)
        {
            Log.Unreadable(logger, path, exception);
        }
    }

    /// <summary>What is known at the end is what the next start wants to know.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        Write();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        void Wake(HealthChange change) => _wake.Writer.TryWrite(0);

        checks.Changed += Wake;
        await using var refresh = timeProvider.CreateTimer(_ => _wake.Writer.TryWrite(0), null, Refresh, Refresh);
        try
        {
            while (await _wake.Reader.WaitToReadAsync(stoppingToken).ConfigureAwait(false))
            {
                await Task.Delay(Settle, timeProvider, stoppingToken).ConfigureAwait(false);
                _wake.Reader.TryRead(out _);
                Write();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The last word is written by who stops it.
        }
        finally
        {
            checks.Changed -= Wake;
        }
    }

    private void Write()
    {
        var verdicts = checks.Unhealthy();
        var text = verdicts.Count == 0 ? "" : KeptVerdictFile.Format([.. verdicts.Select(ToKept)]);
        try
        {
            var exists = File.Exists(path);
            if (text.Length > 0 && text == _written && exists)
            {
                File.SetLastWriteTimeUtc(path, timeProvider.GetUtcNow().UtcDateTime);
            }
            else if (text.Length > 0)
            {
                DurableFile.Write(path, text);
            }
            else if (exists)
            {
                File.Delete(path);
            }

            (_written, _failing) = (text, false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (!_failing)
            {
                Log.NotWritten(logger, path, exception);
            }

            _failing = true;
        }
    }

    private KeptVerdict ToKept((HealthCheckTarget Target, HealthVerdict Verdict) unhealthy)
    {
        var (target, verdict) = unhealthy;
        return new KeptVerdict(target.BackendSetId, target.Backend, _rules.Of(target.Check), verdict.Since, verdict.Reason);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "{Count} endpoints are taken for unhealthy until they are checked, by {Path} of {Age} ago")]
        public static partial void Restored(ILogger logger, string path, int count, TimeSpan age);

        [LoggerMessage(LogLevel.Information, "Verdicts of {Path}, {Age} old, are not believed any more")]
        public static partial void Stale(ILogger logger, string path, TimeSpan age);

        [LoggerMessage(LogLevel.Error, "Verdicts of {Path} cannot be used: endpoints are taken for healthy until they are checked")]
        public static partial void Unreadable(ILogger logger, string path, Exception exception);

        [LoggerMessage(LogLevel.Error, "Verdicts cannot be written to {Path}: they are not kept over a restart until they can")]
        public static partial void NotWritten(ILogger logger, string path, Exception exception);
    }
}
