using System.Diagnostics.Metrics;

namespace Mooring.Telemetry.Tests;

public sealed class MetricCollectorTests : IDisposable
{
    private readonly Factory _factory = new();
    private readonly MetricCollector _collector;
    private readonly Meter _meter;

    public MetricCollectorTests()
    {
        _collector = new MetricCollector(_factory);
        _meter = _factory.Create("Mooring.Test");
    }

    public void Dispose()
    {
        _collector.Dispose();
        _factory.Dispose();
    }

    [Fact]
    public void Text_CountersOfSeveralLabels_HasOneLineEach()
    {
        var counter = _meter.CreateCounter<long>("mooring_test_total", description: "Things done.");
        counter.Add(2, new("what", "a"), new("code", 200));
        counter.Add(3, new("what", "b"), new("code", 200));
        counter.Add(1, new("what", "a"), new("code", 200));

        _collector.Text().ShouldBe(
            """
            # HELP mooring_test_total Things done.
            # TYPE mooring_test_total counter
            mooring_test_total{what="a",code="200"} 3
            mooring_test_total{what="b",code="200"} 3

            """);
    }

    [Fact]
    public void Text_Histogram_CountsUpToEachBound()
    {
        var histogram = _meter.CreateHistogram(
            "mooring_test_seconds", "s", "How long.", tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        histogram.Record(0.1);
        histogram.Record(0.5);
        histogram.Record(7);

        _collector.Text().ShouldBe("""
            # HELP mooring_test_seconds How long.
            # TYPE mooring_test_seconds histogram
            mooring_test_seconds_bucket{le="0.1"} 1
            mooring_test_seconds_bucket{le="1"} 2
            mooring_test_seconds_bucket{le="+Inf"} 3
            mooring_test_seconds_sum 7.6
            mooring_test_seconds_count 3

            """);
    }

    [Fact]
    public void Text_LabelWithQuotesAndLineBreaks_IsEscaped()
    {
        _meter.CreateUpDownCounter<long>("mooring_test", description: "A \\ and\na break.").Add(-1, new KeyValuePair<string, object?>("of", "a\"b\\c\nd"));

        _collector.Text().ShouldBe("""
            # HELP mooring_test A \\ and\na break.
            # TYPE mooring_test gauge
            mooring_test{of="a\"b\\c\nd"} -1

            """);
    }

    [Fact]
    public void Text_SeriesThatIsNotToldAnyMore_IsLeftOut()
    {
        string[] pools = ["a", "b"];
        _meter.CreateObservableGauge(
            "mooring_pools", () => pools.Select(pool => new Measurement<int>(4, new KeyValuePair<string, object?>("pool", pool))));
        _collector.Text().ShouldContain("{pool=\"b\"} 4");

        pools = ["a"];

        _collector.Text().ShouldContain("{pool=\"a\"} 4");
        _collector.Text().ShouldNotContain("pool=\"b\"");
    }

    [Fact]
    public void Text_MeterOfAnotherFactory_IsLeftOut()
    {
        using var others = new Factory();
        others.Create("Mooring.Test").CreateCounter<long>("mooring_of_another_total").Add(1);

        _collector.Text().ShouldBeEmpty();
    }

    [Fact]
    public void Record_KnownSeries_AllocatesNothing()
    {
        var counter = _meter.CreateCounter<long>("mooring_test_total");
        var histogram = _meter.CreateHistogram<double>("mooring_test_seconds", "s");
        void Measure()
        {
            counter.Add(1, new KeyValuePair<string, object?>("result", "Accepted"));
            histogram.Record(0.003);
        }

        Measure();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            Measure();
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    [Fact]
    public void Record_LabelThatGrowsWithoutEnd_IsCutOff()
    {
        var counter = _meter.CreateCounter<long>("mooring_test_total");
        for (var i = 0; i < 5000; i++)
        {
            counter.Add(1, new KeyValuePair<string, object?>("of", i));
        }

        _collector.Text().Split('\n').Length.ShouldBe(2000 + 3);
    }

    private sealed class Factory : IMeterFactory
    {
        private readonly List<Meter> _meters = [];

        public Meter Create(MeterOptions options)
        {
            var meter = new Meter(options.Name, options.Version, options.Tags, scope: this);
            _meters.Add(meter);
            return meter;
        }

        public void Dispose() => _meters.ForEach(meter => meter.Dispose());
    }
}
