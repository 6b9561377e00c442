using System.Diagnostics.Metrics;
using Mooring.Controller.Agents.Admission;

namespace Mooring.Controller.Agents;

/// <summary>What is counted of connections, never by address or node.</summary>
internal sealed class AgentConnectionMetrics
{
    public const string MeterName = "Mooring.Controller.Agents";

    private readonly Counter<long> _refused;
    private readonly Counter<long> _throttled;

    public AgentConnectionMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _refused = meter.CreateCounter<long>(
            "mooring_agent_connections_refused_total", description: "Streams refused or ended for want of a proof, by reason.");
        _throttled = meter.CreateCounter<long>(
            "mooring_agent_messages_throttled_total", description: "Messages read late, as their agent sent too many.");
    }

    public void Refused(ConnectionRefusal reason) =>
        _refused.Add(1, new KeyValuePair<string, object?>("reason", reason.ToString()));

    public void Throttled() => _throttled.Add(1);
}
