using System.Diagnostics.Metrics;
using Mooring.Core.Failover;

namespace Mooring.Agent.Failover;

internal sealed class FailoverMetrics
{
    public const string MeterName = "Mooring.Agent.Failover";

    private readonly Counter<long> _sent;
    private readonly Counter<long> _sendFailures;
    private readonly Counter<long> _received;
    private readonly Counter<long> _overflows;
    private readonly Counter<long> _holderChanges;
    private readonly Counter<long> _conflicts;
    private readonly Histogram<double> _detect;
    private readonly Histogram<double> _takeover;
    private readonly Histogram<double> _phase;
    private readonly Histogram<double> _lateness;

    public FailoverMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _sent = meter.CreateCounter<long>("mooring_heartbeats_sent_total", description: "Heartbeat packets sent.");
        _sendFailures = meter.CreateCounter<long>(
            "mooring_heartbeat_send_failures_total", description: "Heartbeat packets the kernel refused.");
        _received = meter.CreateCounter<long>(
            "mooring_heartbeats_received_total", description: "Packets on the heartbeat port, by what became of them.");
        _overflows = meter.CreateCounter<long>(
            "mooring_heartbeat_queue_overflows_total", description: "Packets dropped as more came than could be read.");
        _holderChanges = meter.CreateCounter<long>(
            "mooring_holder_changes_total", description: "Addresses taken and given up, by role and reason.");
        _conflicts = meter.CreateCounter<long>(
            "mooring_address_conflicts_total", description: "Claims of held addresses by other machines.");
        _detect = meter.CreateHistogram<double>(
            "mooring_failover_detect_seconds", "s", "From the last heartbeat of a holder to the decision to take over.");
        _takeover = meter.CreateHistogram<double>(
            "mooring_failover_takeover_seconds", "s", "From the decision to take over to the first announcement.");
        _phase = meter.CreateHistogram<double>(
            "mooring_failover_phase_seconds",
            "s",
            "Steps of taking an address: silence (last heartbeat to detected), turn (to the claim), announce (to the "
            + "first announcement), traffic (to the first packet forwarded).");
        _lateness = meter.CreateHistogram<double>(
            "mooring_failover_timer_lateness_seconds", "s", "How late the failover thread woke for a timer.");
    }

    public void Sent() => _sent.Add(1);

    public void SendFailed() => _sendFailures.Add(1);

    public void Received(HeartbeatDecodeResult result) =>
        _received.Add(1, new KeyValuePair<string, object?>("result", result.ToString()));

    public void QueueOverflowed() => _overflows.Add(1);

    public void HolderChanged(FailoverEvent.HolderChange change)
    {
        _holderChanges.Add(
            1,
            new KeyValuePair<string, object?>("role", change.Role.ToString()),
            new KeyValuePair<string, object?>("reason", change.Reason.ToString()));
        if (change.Reason == HolderChangeReason.HeartbeatTimeout)
        {
            _detect.Record(change.Detect.TotalSeconds);
        }

        if (change.Held)
        {
            _takeover.Record(change.Takeover.TotalSeconds);
        }

        if (change.Times is { } times)
        {
            if (times.LastHeard is { } heard)
            {
                Phase("silence", heard, times.Detected, change.Reason);
            }

            Phase("turn", times.Detected, times.Claimed, change.Reason);
            Phase("announce", times.Claimed, times.Announced, change.Reason);
        }
    }

    public void FirstPacket(FailoverTimes times, DateTimeOffset seen, HolderChangeReason reason) =>
        Phase("traffic", times.Announced, seen, reason);

    public void Conflict(FailoverEvent.Conflict conflict) =>
        _conflicts.Add(1, new KeyValuePair<string, object?>("by", conflict.Node is null ? "foreign" : "node"));

    public void TimerLate(TimeSpan lateness) => _lateness.Record(lateness.TotalSeconds);

    private void Phase(string phase, DateTimeOffset from, DateTimeOffset to, HolderChangeReason reason) => _phase.Record(
        Math.Max(0, (to - from).TotalSeconds),
        new KeyValuePair<string, object?>("phase", phase),
        new KeyValuePair<string, object?>("reason", reason.ToString()));
}
