using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mooring.Configuration;

/// <summary>
/// Reads the configuration file again when it changed, and on SIGHUP. It looks at the text itself every few seconds: a kubelet
/// changes a ConfigMap's files by switching a link above them, of which watching the file would not tell.
/// </summary>
internal sealed partial class ConfigWatch(ConfigFile file, ConfigMetrics metrics, TimeProvider time, ILogger<ConfigWatch> logger) : BackgroundService
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private IReadOnlyDictionary<string, string> _entries = new Dictionary<string, string>(StringComparer.Ordinal);
    private PosixSignalRegistration? _hangup;

    /// <summary>Reads the file if it changed, and tells what came of it.</summary>
    public void Look()
    {
        lock (_gate)
        {
            if (file.Read() is { } reading)
            {
                Tell(reading);
            }
        }
    }

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        // Read before the program began; only now is there a log.
        if (file.Last is { } first)
        {
            Tell(first);
        }

        _hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            Look();
        });
        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _hangup?.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                Look();
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    private void Tell(ConfigReading reading)
    {
        metrics.Reloaded(reading.IsGood, time.GetUtcNow());
        if (!reading.IsGood)
        {
            Log.Refused(logger, file.Path!, string.Join("; ", reading.Errors));
            return;
        }

        Log.InForce(logger, file.Path!, Changes(_entries, reading.Entries));
        _entries = reading.Entries;
    }

    private static string Changes(IReadOnlyDictionary<string, string> before, IReadOnlyDictionary<string, string> now)
    {
        var changes = before.Keys.Union(now.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Where(name => before.GetValueOrDefault(name) != now.GetValueOrDefault(name))
            .Select(name => $"{name}: {now.GetValueOrDefault(name) ?? "as without the file"}")
            .ToList();
        return changes.Count == 0 ? "nothing changed" : string.Join(", ", changes);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Configuration file {Path} is in force: {Changes}")]
        public static partial void InForce(ILogger logger, string path, string changes);

        [LoggerMessage(LogLevel.Error, "Configuration file {Path} cannot be used, what was in force stays: {Errors}")]
        public static partial void Refused(ILogger logger, string path, string errors);
    }
}
