using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mooring.Agent.Snapshots;
using Mooring.Core.Health;
using Mooring.Core.Snapshots;
using Mooring.Linux;
using Mooring.Linux.Conntrack;
using Problem = Mooring.Protocol.V1Alpha1.Problem;

namespace Mooring.Agent.HealthChecks;

/// <summary>
/// Looks at the TCP handshakes that this node forwards, while some pool asks for that: an endpoint that refuses or does not
/// answer several of them is checked at once. Resets of established connections say nothing: the client may have sent them.
/// </summary>
/// <param name="checks">Who is told.</param>
/// <param name="readFlows">Calls back with every tracked flow of the node.</param>
/// <param name="openMonitor">Opens the kernel's word on handshakes that were refused.</param>
internal sealed partial class HandshakeWatch(
    HealthCheckService checks,
    Action<Action<ConntrackFlow>> readFlows,
    Func<ConntrackMonitor> openMonitor,
    TimeProvider timeProvider,
    ILogger<HandshakeWatch> logger) : BackgroundService, ISnapshotConsumer
{
    /// <summary>A handshake without an answer for so long has failed.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    /// <summary>Refusals are taken together, so that a flood of ended flows wakes the agent seldom.</summary>
    private static readonly TimeSpan RefusedInterval = TimeSpan.FromMilliseconds(50);

    private const byte Tcp = 6;

    /// <summary>Looking takes at most a twentieth of one core.</summary>
    private const int Rest = 19;

    private readonly SemaphoreSlim _some = new(0, 1);
    private readonly Lock _gate = new();
    private readonly HandshakeFailures _failures = new();
    private FrozenDictionary<IPEndPoint, Watched> _services = FrozenDictionary<IPEndPoint, Watched>.Empty;
    private ClusterSnapshot _snapshot = ClusterSnapshot.Empty;

    private TimeSpan Now => timeProvider.GetElapsedTime(0, timeProvider.GetTimestamp());

    public Task<ImmutableArray<Problem>> ApplyAsync(ClusterSnapshot snapshot, CancellationToken cancellationToken)
    {
        var before = Interlocked.Exchange(ref _snapshot, snapshot);
        if (before.VirtualIps == snapshot.VirtualIps && !BackendSetChanges.Between(before.BackendSets, snapshot.BackendSets)
            .Alter(static set => (set.Id, set.HealthCheck?.Passive)))
        {
            return Task.FromResult(ImmutableArray<Problem>.Empty);
        }

        var sets = snapshot.BackendSets
            .Where(set => set.HealthCheck?.Passive is not null)
            .ToDictionary(set => set.Id, set => new Watched(set.Id, set.HealthCheck!.Passive!), StringComparer.Ordinal);
        var services = snapshot.VirtualIps
            .SelectMany(vip => vip.Ports
                .Where(port => port.Protocol == TransportProtocol.Tcp && sets.ContainsKey(port.BackendSetId))
                .SelectMany(port => vip.Addresses.Select(address =>
                    (Service: new IPEndPoint(address.Address, port.Port), Set: sets[port.BackendSetId]))))
            .DistinctBy(pair => pair.Service)
            .ToFrozenDictionary(pair => pair.Service, pair => pair.Set);
        if (Interlocked.Exchange(ref _services, services).Count == 0 && services.Count > 0 && _some.CurrentCount == 0)
        {
            _some.Release();
        }

        return Task.FromResult(ImmutableArray<Problem>.Empty);
    }

    /// <summary>A handshake of a client was refused.</summary>
    internal void Refused(ConntrackFlow flow)
    {
        if (Find(flow) is { } set)
        {
            Failed(set, flow.ReplySource);
        }
    }

    /// <summary>Looks once at all flows.</summary>
    internal void Look()
    {
        readFlows(flow =>
        {
            if (flow.AwaitsAnswer && Find(flow) is { } set && IsUnanswered(flow))
            {
                Failed(set, flow.ReplySource);
            }
        });
        lock (_gate)
        {
            _failures.EndLook(Now);
        }
    }

    public override void Dispose()
    {
        _some.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await _some.WaitAsync(stoppingToken).ConfigureAwait(false);
                using var ended = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
                var refused = TakeRefusedAsync(ended.Token);
                await LookAsync(stoppingToken).ConfigureAwait(false);
                await ended.CancelAsync().ConfigureAwait(false);
                await refused.ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The checks end as well.
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        var failed = false;
        while (Volatile.Read(ref _services).Count > 0)
        {
            var start = timeProvider.GetTimestamp();
            try
            {
                Look();
                failed = false;
            }
            catch (Exception exception) when (exception is SocketException or System.ComponentModel.Win32Exception)
            {
                if (!failed)
                {
                    Log.NotRead(logger, exception);
                }

                failed = true;
            }

            var rest = timeProvider.GetElapsedTime(start) * Rest;
            await Task.Delay(rest > LookInterval ? rest : LookInterval, timeProvider, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task TakeRefusedAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var monitor = openMonitor();
            while (true)
            {
                await monitor.WaitAsync(cancellationToken).ConfigureAwait(false);
                monitor.TakeRefused(Refused);
                await Task.Delay(RefusedInterval, timeProvider, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // No pool asks for it any more.
        }
        catch (Exception exception) when (exception is SocketException or SystemCallException)
        {
            Log.NotTold(logger, exception);
        }
    }

    private bool IsUnanswered(ConntrackFlow flow)
    {
        lock (_gate)
        {
            return _failures.IsUnanswered(flow.OriginalSource, flow.OriginalDestination);
        }
    }

    private Watched? Find(ConntrackFlow flow) =>
        flow.Protocol == Tcp ? Volatile.Read(ref _services).GetValueOrDefault(flow.OriginalDestination) : null;

    private void Failed(Watched set, IPEndPoint backend)
    {
        int failures;
        lock (_gate)
        {
            failures = _failures.Failed(set.Id, backend, set.Rule, Now);
        }

        if (failures > 0)
        {
            checks.SuspectByClients(set.Id, backend, failures);
        }
    }

    private sealed record Watched(string Id, PassiveCheckIntent Rule);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Handshakes without an answer cannot be seen: pools go by their checks alone")]
        public static partial void NotRead(ILogger logger, Exception exception);

        [LoggerMessage(LogLevel.Warning, "Handshakes that are refused cannot be seen: pools go by their checks alone")]
        public static partial void NotTold(ILogger logger, Exception exception);
    }
}
