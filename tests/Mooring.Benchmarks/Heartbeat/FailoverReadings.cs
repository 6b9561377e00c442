using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Mooring.Agent.Failover;

namespace Mooring.Benchmarks.Heartbeat;

/// <summary>Reads what the agents count: heartbeats sent, and how late the thread that sends them woke.</summary>
internal sealed class FailoverReadings : IMeterFactory
{
    private readonly List<Meter> _meters = [];
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<double> _lateness = new();
    private long _sent;

    public FailoverReadings()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (_meters.Contains(instrument.Meter)
                && instrument.Name is "mooring_heartbeats_sent_total" or "mooring_failover_timer_lateness_seconds")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref _sent, value));
        _listener.SetMeasurementEventCallback<double>((_, value, _, _) => _lateness.Enqueue(value * 1000));
        _listener.Start();
    }

    public long Sent => Interlocked.Read(ref _sent);

    public Meter Create(MeterOptions options)
    {
        var meter = new Meter(options.Name);
        _meters.Add(meter);
        return meter;
    }

    /// <summary>In milliseconds, least first.</summary>
    public double[] Lateness() => [.. _lateness.Order()];

    public void Clear()
    {
        Interlocked.Exchange(ref _sent, 0);
        _lateness.Clear();
    }

    public void Dispose()
    {
        _listener.Dispose();
        _meters.ForEach(meter => meter.Dispose());
    }
}
