namespace Mooring.Telemetry;

/// <summary>What was measured under one set of labels. Written from any thread without locks or garbage.</summary>
internal sealed class MetricSeries
{
    private readonly double[] _bounds;
    private readonly long[] _buckets;
    private long _whole;
    private double _sum;

    public MetricSeries(int number, KeyValuePair<string, object?>[] tags, double[] bounds)
    {
        Number = number;
        Tags = tags;
        _bounds = bounds;
        _buckets = new long[bounds.Length + 1];
    }

    /// <summary>Grows with each series of an instrument, so that a page reads the same each time.</summary>
    public int Number { get; }

    public KeyValuePair<string, object?>[] Tags { get; }

    /// <summary>Number of the collection that saw it last; for what is asked rather than told.</summary>
    public long Seen { get; set; }

    /// <summary>A sum of whole numbers is exact beyond what a double counts.</summary>
    public double Value => Interlocked.Read(ref _whole) + Volatile.Read(ref _sum);

    public double Sum => Volatile.Read(ref _sum);

    public void Add(long value) => Interlocked.Add(ref _whole, value);

    public void Add(double value)
    {
        var before = Volatile.Read(ref _sum);
        while (true)
        {
            var seen = Interlocked.CompareExchange(ref _sum, before + value, before);
            if (BitConverter.DoubleToInt64Bits(seen) == BitConverter.DoubleToInt64Bits(before))
            {
                return;
            }

            before = seen;
        }
    }

    public void Set(double value) => Volatile.Write(ref _sum, value);

    public void Observe(double value)
    {
        var bucket = 0;
        while (bucket < _bounds.Length && value > _bounds[bucket])
        {
            bucket++;
        }

        Interlocked.Increment(ref _buckets[bucket]);
        Add(value);
    }

    /// <summary>How many measurements were at or below each bound, and at the end all of them.</summary>
    public long[] Cumulative()
    {
        var counts = new long[_buckets.Length];
        var total = 0L;
        for (var i = 0; i < counts.Length; i++)
        {
            total += Interlocked.Read(ref _buckets[i]);
            counts[i] = total;
        }

        return counts;
    }

    public bool Has(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.Length != Tags.Length)
        {
            return false;
        }

        for (var i = 0; i < tags.Length; i++)
        {
            if (tags[i].Key != Tags[i].Key || !Equals(tags[i].Value, Tags[i].Value))
            {
                return false;
            }
        }

        return true;
    }
}
