using System.Diagnostics.Metrics;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.HealthChecks;

internal sealed class HealthCheckMetrics
{
    public const string MeterName = "Mooring.Agent.HealthChecks";

    private readonly Counter<long> _checks;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _lateness;
    private readonly Counter<long> _changes;
    private readonly Counter<long> _suspicions;
    private Func<(int Healthy, int Unhealthy)> _count = static () => (0, 0);

    public HealthCheckMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _checks = meter.CreateCounter<long>("mooring_health_checks_total", description: "Checks done, by type and result.");
        _duration = meter.CreateHistogram<double>("mooring_health_check_duration_seconds", "s", "How long checks took.");
        _lateness = meter.CreateHistogram<double>(
            "mooring_health_check_lateness_seconds", "s", "How long after they were due checks began.");
        _changes = meter.CreateCounter<long>("mooring_health_verdict_changes_total", description: "Verdicts that changed, by the new one.");
        _suspicions = meter.CreateCounter<long>(
            "mooring_health_suspicions_total", description: "Endpoints checked at once because connections of clients to them failed.");
        meter.CreateObservableGauge(
            "mooring_health_endpoints", Endpoints, description: "Endpoints checked here that have a verdict, by verdict.");
    }

    /// <summary>Where the verdicts in force are counted.</summary>
    public void CountWith(Func<(int Healthy, int Unhealthy)> count) => _count = count;

    public void Started(TimeSpan late) => _lateness.Record(late.TotalSeconds);

    public void Checked(HealthCheckType type, bool success, TimeSpan took)
    {
        _checks.Add(1, new("type", Name(type)), new("result", success ? "success" : "failure"));
        _duration.Record(took.TotalSeconds, new KeyValuePair<string, object?>("type", Name(type)));
    }

    /// <summary>A check that had no answer in time, but neither had this program CPU time.</summary>
    public void Doubted(HealthCheckType type) => _checks.Add(1, new("type", Name(type)), new("result", "doubted"));

    /// <summary>Clients could not connect to an endpoint.</summary>
    public void Suspected() => _suspicions.Add(1);

    public void Changed(bool healthy) =>
        _changes.Add(1, new KeyValuePair<string, object?>("verdict", healthy ? "healthy" : "unhealthy"));

    private Measurement<int>[] Endpoints()
    {
        var (healthy, unhealthy) = _count();
        return
        [
            new(healthy, new KeyValuePair<string, object?>("verdict", "healthy")),
            new(unhealthy, new KeyValuePair<string, object?>("verdict", "unhealthy")),
        ];
    }

    private static string Name(HealthCheckType type) => type switch
    {
        HealthCheckType.Tcp => "tcp",
        HealthCheckType.Http => "http",
        HealthCheckType.Grpc => "grpc",
        HealthCheckType.Udp => "udp",
        _ => "exec",
    };
}
