using System.Diagnostics.Metrics;

namespace Mooring.Configuration;

/// <summary>Whether the configuration file is in force, under the names that Prometheus' own programs have made usual.</summary>
public sealed class ConfigMetrics
{
    public const string MeterName = "Mooring.Configuration";

    private readonly Counter<long> _reloads;
    private long _lastSuccess;
    private int _successful = -1;

    public ConfigMetrics(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        var meter = meters.Create(MeterName);
        _reloads = meter.CreateCounter<long>(
            "mooring_config_reloads_total", description: "Times the configuration file was read, by result.");
        meter.CreateObservableGauge(
            "mooring_config_last_reload_successful",
            () => Observe(Volatile.Read(ref _successful), of => of >= 0),
            description: "1 while the configuration file is in force as it is, 0 while it has an error and its last good state is.");
        meter.CreateObservableGauge(
            "mooring_config_last_reload_success_timestamp_seconds",
            () => Observe(Volatile.Read(ref _lastSuccess), of => of > 0),
            description: "Unix time at which the configuration file was last put in force.");
    }

    internal void Reloaded(bool successful, DateTimeOffset now)
    {
        _reloads.Add(1, new KeyValuePair<string, object?>("result", successful ? "success" : "failure"));
        Volatile.Write(ref _successful, successful ? 1 : 0);
        if (successful)
        {
            Volatile.Write(ref _lastSuccess, now.ToUnixTimeSeconds());
        }
    }

    /// <summary>A program without a file has none of the gauges.</summary>
    private static IEnumerable<Measurement<T>> Observe<T>(T value, Func<T, bool> isKnown)
        where T : struct => isKnown(value) ? [new Measurement<T>(value)] : [];
}
