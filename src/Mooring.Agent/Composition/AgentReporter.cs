using System.Collections.Immutable;
using System.Net;
using System.Threading.Channels;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Hosting;
using Mooring.Agent.Controlling;
using Mooring.Agent.DataPlane;
using Mooring.Agent.Failover;
using Mooring.Agent.HealthChecks;
using Mooring.Protocol.V1Alpha1;
using Duration = Google.Protobuf.WellKnownTypes.Duration;

namespace Mooring.Agent.Composition;

/// <summary>Carries what failover and health checks find to the data plane first, then to the controller.</summary>
internal sealed class AgentReporter : BackgroundService
{
    private readonly ChannelReader<FailoverEvent> _events;
    private readonly DataPlaneLoop _dataPlane;
    private readonly HealthCheckService _checks;
    private readonly VerdictExchange _verdicts;
    private readonly FirstPacketWatch _firstPackets;
    private readonly FailoverMetrics _metrics;
    private readonly AgentReports _reports;
    private ImmutableHashSet<IPAddress> _held = [];

    public AgentReporter(
        FailoverService failover,
        HealthCheckService checks,
        VerdictExchange verdicts,
        DataPlaneLoop dataPlane,
        FirstPacketWatch firstPackets,
        FailoverMetrics metrics,
        AgentReports reports)
    {
        _firstPackets = firstPackets;
        _metrics = metrics;
        _events = failover.Subscribe();
        _dataPlane = dataPlane;
        _checks = checks;
        _reports = reports;
        _verdicts = verdicts;
        _checks.Changed += HealthChanged;
        _verdicts.Changed += _dataPlane.VerdictsChanged;
    }

    public override void Dispose()
    {
        _checks.Changed -= HealthChanged;
        _verdicts.Changed -= _dataPlane.VerdictsChanged;
        base.Dispose();
    }

    /// <summary>Ends when failover has ended, so that handing over at the agent's end is told as well.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var told in _events.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
        {
            switch (told)
            {
                case FailoverEvent.HolderChange change:
                    _dataPlane.HolderChanged(change.Address, change.Held);
                    _held = change.Held ? _held.Add(change.Address) : _held.Remove(change.Address);
                    if (_checks.HoldersChanged(_held))
                    {
                        _dataPlane.VerdictsChanged();
                    }

                    _verdicts.HoldersChanged(_held);
                    _reports.Add(ToReport(change));
                    WatchFirstPacket(change);
                    break;
                case FailoverEvent.Conflict conflict:
                    _reports.Add(ToReport(conflict));
                    break;
            }
        }
    }

    /// <summary>The takeover is told at once, and once more with its last step when that is known.</summary>
    private void WatchFirstPacket(FailoverEvent.HolderChange change)
    {
        if (!change.Held || change.Times is not { } times)
        {
            return;
        }

        _firstPackets.Watch(change.Address, seen =>
        {
            _metrics.FirstPacket(times, seen, change.Reason);
            var report = ToReport(change);
            report.Phases.FirstPacket = Timestamp.FromDateTimeOffset(seen);
            _reports.Add(report);
        });
    }

    private void HealthChanged(HealthChange change)
    {
        _dataPlane.VerdictsChanged([change.BackendSetId]);
        _reports.Set(AgentPresence.ToProto(change));
    }

    private static HolderReport ToReport(FailoverEvent.HolderChange change) => new()
    {
        Address = change.Address.ToString(),
        Role = AgentPresence.ToProto(change.Role),
        Term = change.Term,
        At = Timestamp.FromDateTimeOffset(change.At),
        PreviousHolder = change.PreviousHolder ?? "",
        Reason = change.Reason.ToString(),
        Detect = Duration.FromTimeSpan(change.Detect),
        Takeover = Duration.FromTimeSpan(change.Takeover),
        Phases = change.Times is { } times ? ToProto(times) : null,
    };

    private static Phases ToProto(FailoverTimes times) => new()
    {
        LastHeard = times.LastHeard is { } heard ? Timestamp.FromDateTimeOffset(heard) : null,
        Detected = Timestamp.FromDateTimeOffset(times.Detected),
        Claimed = Timestamp.FromDateTimeOffset(times.Claimed),
        Announced = Timestamp.FromDateTimeOffset(times.Announced),
    };

    private static ConflictReport ToReport(FailoverEvent.Conflict conflict) => new()
    {
        Address = conflict.Address.ToString(),
        At = Timestamp.FromDateTimeOffset(conflict.At),
        NodeName = conflict.Node ?? "",
        MacAddress = conflict.MacAddress is { } mac ? ByteString.CopyFrom(mac.GetAddressBytes()) : ByteString.Empty,
    };
}
