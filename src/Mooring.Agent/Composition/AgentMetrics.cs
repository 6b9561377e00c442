using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mooring.Agent.Controlling;
using Mooring.Agent.DataPlane;
using Mooring.Agent.Failover;
using Mooring.Agent.Snapshots;
using Mooring.Core.Failover;

namespace Mooring.Agent.Composition;

/// <summary>What this node is at the moment: its addresses, its snapshot, and what the kernel counted.</summary>
internal sealed partial class AgentMetrics : BackgroundService
{
    public const string MeterName = "Mooring.Agent";

    /// <summary>The kernel's counters are read at most this often, and only while somebody asks for them.</summary>
    private static readonly TimeSpan ReadInterval = TimeSpan.FromSeconds(5);

    private readonly FailoverService _failover;
    private readonly DataPlaneLoop _dataPlane;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger<AgentMetrics> _logger;
    private readonly Channel<byte> _asked = Channel.CreateBounded<byte>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private volatile IReadOnlyList<ServiceCounters> _counters = [];

    public AgentMetrics(
        IMeterFactory meters,
        FailoverService failover,
        DataPlaneLoop dataPlane,
        ControllerLink link,
        SnapshotKeeper snapshots,
        NodeFactsCollector facts,
        TimeProvider timeProvider,
        ILogger<AgentMetrics> logger)
    {
        _failover = failover;
        _dataPlane = dataPlane;
        _timeProvider = timeProvider;
        _logger = logger;
        var meter = meters.Create(MeterName);
        meter.CreateObservableGauge("mooring_addresses", Addresses, description: "Addresses by what this node is to them.");
        meter.CreateObservableGauge(
            "mooring_addresses_isolated",
            () => _failover.States.Count(state => state.Isolated),
            description: "Addresses answered for although neither a standby nor the controller is heard.");
        meter.CreateObservableGauge(
            "mooring_controller_connected",
            () => link.Connected ? 1 : 0,
            description: "1 while a controller is connected.");
        meter.CreateObservableGauge(
            "mooring_snapshot_revision", () => (double)snapshots.Current.Revision, description: "Revision of the snapshot in force.");
        meter.CreateObservableGauge(
            "mooring_data_plane_problems",
            () => _dataPlane.Problems,
            description: "What the kernel refuses, from the last attempt to bring it to the snapshot.");
        meter.CreateObservableGauge(
            "mooring_node_problems",
            () => facts.Current.Problems.Count,
            description: "Things wrong with the node itself, such as a missing kernel feature; the log names them.");
        meter.CreateObservableCounter(
            "mooring_forwarded_flows_total",
            () => Read(counters => counters.Packets),
            description: "New flows that were given to a backend, by address, port and protocol.");
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await _asked.Reader.ReadAsync(stoppingToken).ConfigureAwait(false);
                await ReadAsync(stoppingToken).ConfigureAwait(false);
                await Task.Delay(ReadInterval, _timeProvider, stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The agent stops.
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            _counters = await _dataPlane.CountersAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.NotRead(_logger, exception);
        }
    }

    private IEnumerable<Measurement<int>> Addresses()
    {
        var states = _failover.States;
        return Enum.GetValues<AddressRole>().Select(role => new Measurement<int>(
            states.Count(state => state.Role == role), new KeyValuePair<string, object?>("role", role.ToString())));
    }

    /// <summary>What was read last; the next one to ask is told what is read now.</summary>
    private IEnumerable<Measurement<long>> Read(Func<ServiceCounters, long> value)
    {
        _asked.Writer.TryWrite(0);
        return _counters.Select(counters => new Measurement<long>(
            value(counters),
            new("address", counters.Address.ToString()),
            new("port", (int)counters.Port),
            new("protocol", counters.Protocol.ToString())));
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The kernel's counters could not be read")]
        public static partial void NotRead(ILogger logger, Exception exception);
    }
}
