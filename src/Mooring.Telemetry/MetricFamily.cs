using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Mooring.Telemetry;

/// <summary>One instrument with its series by labels.</summary>
internal sealed class MetricFamily
{
    /// <summary>Seconds: from a packet's way to a slow check. Instruments that know better say so by their advice.</summary>
    private static readonly double[] DefaultBounds =
        [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    /// <summary>A label that grows without end must not take the process with it; what is over is left out.</summary>
    private const int MaxSeries = 2000;

    private readonly ConcurrentDictionary<int, MetricSeries[]> _series = [];
    private readonly Lock _adding = new();
    private readonly bool _asked;
    private int _count;
    private int _number;

    public MetricFamily(Instrument instrument)
    {
        Name = instrument.Name;
        Help = instrument.Description ?? "";
        _asked = instrument.IsObservable;
        var type = instrument.GetType().GetGenericTypeDefinition();
        Kind = type == typeof(Histogram<>) ? MetricKind.Histogram
            : type == typeof(Counter<>) || type == typeof(ObservableCounter<>) ? MetricKind.Counter
            : MetricKind.Gauge;
        Bounds = Kind != MetricKind.Histogram ? []
            : instrument is Histogram<double> { Advice.HistogramBucketBoundaries: { Count: > 0 } bounds } ? [.. bounds]
            : DefaultBounds;
        Sets = type == typeof(Gauge<>) || _asked;
    }

    public string Name { get; }

    public string Help { get; }

    public MetricKind Kind { get; }

    public double[] Bounds { get; }

    /// <summary>Measurements replace the value rather than being added to it.</summary>
    private bool Sets { get; }

    public void Record(long value, ReadOnlySpan<KeyValuePair<string, object?>> tags, long collection)
    {
        if (Find(tags, collection) is not { } series)
        {
            return;
        }

        if (Kind == MetricKind.Histogram)
        {
            series.Observe(value);
        }
        else if (Sets)
        {
            series.Set(value);
        }
        else
        {
            series.Add(value);
        }
    }

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, long collection)
    {
        if (Find(tags, collection) is not { } series)
        {
            return;
        }

        if (Kind == MetricKind.Histogram)
        {
            series.Observe(value);
        }
        else if (Sets)
        {
            series.Set(value);
        }
        else
        {
            series.Add(value);
        }
    }

    /// <summary>All series, the oldest first; of what is asked only those that the given collection was told.</summary>
    public IEnumerable<MetricSeries> Series(long collection) =>
        _series.Values.SelectMany(same => same).Where(series => !_asked || series.Seen == collection).OrderBy(series => series.Number);

    /// <summary>Forgets what is not told any more, such as the counters of a service that is gone.</summary>
    public void Prune(long collection)
    {
        if (!_asked)
        {
            return;
        }

        lock (_adding)
        {
            foreach (var (hash, same) in _series)
            {
                if (same.All(series => series.Seen != collection) && _series.TryRemove(hash, out _))
                {
                    _count -= same.Length;
                }
            }
        }
    }

    private MetricSeries? Find(ReadOnlySpan<KeyValuePair<string, object?>> tags, long collection)
    {
        var hash = new HashCode();
        foreach (var tag in tags)
        {
            hash.Add(tag.Key);
            hash.Add(tag.Value);
        }

        var key = hash.ToHashCode();
        var series = (_series.TryGetValue(key, out var same) ? Match(same, tags) : null) ?? Add(key, tags);
        if (series is not null && _asked)
        {
            series.Seen = collection;
        }

        return series;
    }

    private static MetricSeries? Match(MetricSeries[] same, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (var series in same)
        {
            if (series.Has(tags))
            {
                return series;
            }
        }

        return null;
    }

    private MetricSeries? Add(int key, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        lock (_adding)
        {
            var same = _series.GetValueOrDefault(key, []);
            if (Match(same, tags) is { } there)
            {
                return there;
            }

            if (_count >= MaxSeries)
            {
                return null;
            }

            _count++;
            var added = new MetricSeries(_number++, tags.ToArray(), Bounds);
            _series[key] = [.. same, added];
            return added;
        }
    }
}
