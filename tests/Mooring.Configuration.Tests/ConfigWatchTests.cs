using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace Mooring.Configuration.Tests;

public sealed class ConfigWatchTests : IDisposable
{
    private readonly TestCommand _command = new();
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("mooring-config-");
    private readonly CapturedLog _log = new();
    private readonly ConfigFile _file;
    private readonly ServiceProvider _services;
    private readonly ConfigWatch _watch;
    private readonly Dictionary<string, double> _metrics = [];
    private readonly MeterListener _listener = new();

    public ConfigWatchTests()
    {
        _file = new ConfigFile(_command.Start(), FilePath);
        var services = new ServiceCollection().AddMetrics();
        services.AddSingleton<TimeProvider>(new StoppedTime());
        services.AddLogging(logging =>
        {
            LogSettings.Configure(logging, () => _command.Log(_file.Current));
            logging.ClearProviders().AddProvider(_log);
        });
        _services = services.AddConfigFile(_file).BuildServiceProvider();
        Listen(_services.GetRequiredService<IMeterFactory>());
        _watch = _services.GetRequiredService<ConfigWatch>();
    }

    private string FilePath => Path.Combine(_directory.FullName, "config.yaml");

    [Fact]
    public void Look_ChangedLog_TakesEffectAtOnce()
    {
        var logger = _services.GetRequiredService<ILogger<ConfigWatchTests>>();
        var console = _services.GetRequiredService<IOptionsMonitor<ConsoleLoggerOptions>>();
        logger.IsEnabled(LogLevel.Debug).ShouldBeFalse();
        console.CurrentValue.FormatterName.ShouldBe(ConsoleFormatterNames.Simple);

        Write("logLevel: Debug\nlogFormat: json\n");

        logger.IsEnabled(LogLevel.Debug).ShouldBeTrue();
        console.CurrentValue.FormatterName.ShouldBe(ConsoleFormatterNames.Json);
        _log.Last.ShouldBe($"Configuration file {FilePath} is in force: logFormat: json, logLevel: Debug");
    }

    [Fact]
    public void Look_BadFile_KeepsTheLastGoodStateAndTells()
    {
        Write("maxMoves: 20\n");
        Write("maxMoves: 0\n");

        _command.Moves(_file.Current).ShouldBe(20);
        _log.Last.ShouldBe($"Configuration file {FilePath} cannot be used, what was in force stays: maxMoves: set it from 1 to 1000");
        Metric("mooring_config_last_reload_successful").ShouldBe(0);
        Metric("mooring_config_reloads_total failure").ShouldBe(1);

        Write("maxMoves: 30\n");

        _command.Moves(_file.Current).ShouldBe(30);
        Metric("mooring_config_last_reload_successful").ShouldBe(1);
        Metric("mooring_config_reloads_total success").ShouldBe(2);
        Metric("mooring_config_last_reload_success_timestamp_seconds").ShouldBe(StoppedTime.Now.ToUnixTimeSeconds());
    }

    [Fact]
    public void Look_SameFile_TellsNothingAgain()
    {
        Write("maxMoves: 0\n");
        var told = _log.Count;

        Write("maxMoves: 0\n");
        _watch.Look();

        _log.Count.ShouldBe(told);
    }

    [Fact]
    public void Look_FileGone_KeepsTheLastGoodState()
    {
        Write("maxMoves: 20\n");
        File.Delete(FilePath);
        _watch.Look();
        _watch.Look();

        _command.Moves(_file.Current).ShouldBe(20);
        Metric("mooring_config_reloads_total failure").ShouldBe(1);

        Write("maxMoves: 20\n");

        Metric("mooring_config_last_reload_successful").ShouldBe(1);
    }

    [Fact]
    public void Look_EntryRemoved_IsAsWithoutTheFile()
    {
        Write("maxMoves: 20\n");
        Write("");

        _command.Moves(_file.Current).ShouldBe(10);
        _log.Last.ShouldEndWith("maxMoves: as without the file");
    }

    [Fact]
    public void Look_LargeFile_IsRefused()
    {
        Write(new string('#', 100_000));

        _log.Last.ShouldEndWith("must not have more than 65536 bytes");
    }

    /// <summary>Under a clock that stands still, so that nothing else reads it.</summary>
    [Fact]
    public async Task Hangup_ChangedFile_IsRead()
    {
        await _watch.StartAsync(TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(FilePath, "maxMoves: 20\n", TestContext.Current.CancellationToken);

        using var kill = Process.Start("kill", ["-HUP", $"{Environment.ProcessId}"]);

        await _log.Written.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        _command.Moves(_file.Current).ShouldBe(20);
        await _watch.StopAsync(TestContext.Current.CancellationToken);
    }

    public void Dispose()
    {
        _listener.Dispose();
        _services.Dispose();
        _log.Dispose();
        _directory.Delete(recursive: true);
    }

    private void Write(string text)
    {
        File.WriteAllText(FilePath, text);
        _watch.Look();
    }

    private double Metric(string name)
    {
        _listener.RecordObservableInstruments();
        return _metrics[name];
    }

    private void Listen(IMeterFactory meters)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, meters))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => _metrics[instrument.Name] = value);
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            var counted = tags.Length > 0;
            var name = counted ? $"{instrument.Name} {tags[0].Value}" : instrument.Name;
            _metrics[name] = value + (counted ? _metrics.GetValueOrDefault(name) : 0);
        });
        _listener.Start();
    }
}
