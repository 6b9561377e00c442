using System.Diagnostics.Metrics;

namespace Mooring.Agent.Controlling;

internal sealed class ControllerLinkMetrics
{
    public const string MeterName = "Mooring.Agent.Controlling";

    private readonly Counter<long> _failures;

    public ControllerLinkMetrics(IMeterFactory meters)
    {
        _failures = meters.Create(MeterName).CreateCounter<long>(
            "mooring_controller_stream_failures_total",
            description: "Streams to a controller that ended or did not come about, by reason.");
    }

    /// <param name="reason">A gRPC status, <c>Certificate</c>, <c>Credentials</c> or <c>Ended</c>.</param>
    public void Failed(string reason) => _failures.Add(1, new KeyValuePair<string, object?>("reason", reason));
}
