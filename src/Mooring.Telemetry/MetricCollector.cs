using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Mooring.Telemetry;

/// <summary>
/// Keeps what this process's instruments measure, for <see cref="PrometheusText"/>. Only those of the given factory: several
/// hosts of one test process must not see each other's.
/// </summary>
public sealed class MetricCollector : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<Instrument, MetricFamily> _families = [];
    private readonly Lock _collecting = new();
    private long _collection;

    public MetricCollector(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, meters)
                && instrument.Meter.Name.StartsWith(MeterPrefix, StringComparison.Ordinal))
            {
                listener.EnableMeasurementEvents(instrument, _families.GetOrAdd(instrument, static one => new MetricFamily(one)));
            }
        };
        _listener.SetMeasurementEventCallback<int>((_, value, tags, family) =>
            (family as MetricFamily)?.Record((long)value, tags, _collection));
        _listener.SetMeasurementEventCallback<long>((_, value, tags, family) =>
            (family as MetricFamily)?.Record(value, tags, _collection));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, family) =>
            (family as MetricFamily)?.Record(value, tags, _collection));
        _listener.Start();
    }

    /// <summary>Names of meters that are exported begin so; the framework's own are left out.</summary>
    public const string MeterPrefix = "Mooring.";

    /// <summary>All metrics in version 0.0.4 of Prometheus' text format.</summary>
    public string Text()
    {
        lock (_collecting)
        {
            _collection++;
            _listener.RecordObservableInstruments();
            var text = new PrometheusText();
            foreach (var family in _families.Values.OrderBy(family => family.Name, StringComparer.Ordinal))
            {
                text.Add(family, _collection);
                family.Prune(_collection);
            }

            return text.ToString();
        }
    }

    /// <summary>Every metric by name, whether or not anything was measured.</summary>
    public IReadOnlyList<MetricDescription> Describe() =>
    [
        .. _families.Values.OrderBy(family => family.Name, StringComparer.Ordinal)
            .Select(family => new MetricDescription(family.Name, family.Kind.ToString().ToLowerInvariant(), family.Help)),
    ];

    public void Dispose() => _listener.Dispose();
}
