using System.Collections.Immutable;
using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mooring.Agent.Controlling;
using Mooring.Agent.Snapshots;
using Mooring.Core.Snapshots;
using Mooring.Linux.Conntrack;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Agent.Loads;

/// <summary>
/// Tells the controller every <see cref="Interval"/> how loaded the endpoints are, as far as this node sees it, while some
/// backend set is weighted by load.
/// </summary>
/// <param name="readFlows">Calls back with every tracked flow of the node.</param>
/// <param name="responseTimes">How long the checks of this node take.</param>
internal sealed partial class LoadReporter(
    Action<Action<ConntrackFlow>> readFlows,
    Func<IReadOnlyList<(string SetId, IPEndPoint Backend, TimeSpan Time)>> responseTimes,
    AgentReports reports,
    TimeProvider timeProvider,
    ILogger<LoadReporter> logger) : BackgroundService, ISnapshotConsumer
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>Reading the flows takes at most a twentieth of one core.</summary>
    private const int Rest = 19;

    /// <summary>What fits a message by far.</summary>
    private const int MaxEndpoints = 20_000;

    private readonly SemaphoreSlim _some = new(0, 1);
    private LoadedServices _services = LoadedServices.None;
    private ClusterSnapshot _snapshot = ClusterSnapshot.Empty;
    private string _lastFailure = "";

    public Task<ImmutableArray<Problem>> ApplyAsync(ClusterSnapshot snapshot, CancellationToken cancellationToken)
    {
        var before = Interlocked.Exchange(ref _snapshot, snapshot);
        if (before.VirtualIps == snapshot.VirtualIps && !BackendSetChanges.Between(before.BackendSets, snapshot.BackendSets)
            .Alter(static set => (set.Id, set.GoesByLoad, set.Algorithm)))
        {
            return Task.FromResult(ImmutableArray<Problem>.Empty);
        }

        var services = new LoadedServices(snapshot);
        if (!Interlocked.Exchange(ref _services, services).Any && services.Any && _some.CurrentCount == 0)
        {
            _some.Release();
        }

        return Task.FromResult(ImmutableArray<Problem>.Empty);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await _some.WaitAsync(stoppingToken).ConfigureAwait(false);
                while (Volatile.Read(ref _services) is { Any: true } services)
                {
                    var start = timeProvider.GetTimestamp();
                    if (Count(services) is { } report)
                    {
                        reports.Set(report);
                    }

                    var rest = timeProvider.GetElapsedTime(start) * Rest;
                    await Task.Delay(rest > Interval ? rest : Interval, timeProvider, stoppingToken).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The weights stay as they are.
        }
    }

    /// <summary>Null when the kernel does not say: nothing told is better than no connections told.</summary>
    private LoadReport? Count(LoadedServices services)
    {
        var loads = new Dictionary<(string SetId, IPEndPoint Backend), EndpointLoad>();
        try
        {
            if (services.CountsFlows)
            {
                readFlows(flow =>
                {
                    if (flow.IsOpen && services.SetOf(flow) is { } set && Find(loads, set, flow.ReplySource) is { } load)
                    {
                        load.Connections++;
                    }
                });
            }

            _lastFailure = "";
        }
        catch (Exception exception) when (exception is SocketException or Win32Exception)
        {
            // The same failure every few seconds is said once.
            if (exception.Message != _lastFailure)
            {
                Log.NotRead(logger, exception);
            }

            _lastFailure = exception.Message;
            return null;
        }

        foreach (var (set, backend, time) in responseTimes())
        {
            if (services.Has(set) && Find(loads, set, backend) is { } load)
            {
                load.ResponseTime = Duration.FromTimeSpan(time);
            }
        }

        var report = new LoadReport();
        report.Endpoints.AddRange(loads.Values);
        return report;
    }

    private static EndpointLoad? Find(
        Dictionary<(string SetId, IPEndPoint Backend), EndpointLoad> loads, string set, IPEndPoint backend)
    {
        if (!loads.TryGetValue((set, backend), out var load) && loads.Count < MaxEndpoints)
        {
            loads[(set, backend)] = load = new EndpointLoad
            {
                BackendSetId = set,
                Address = backend.Address.ToString(),
                Port = (uint)backend.Port,
            };
        }

        return load;
    }

    public override void Dispose()
    {
        _some.Dispose();
        base.Dispose();
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Connections cannot be counted: the weights of endpoints stay as they are")]
        public static partial void NotRead(ILogger logger, Exception exception);
    }
}
