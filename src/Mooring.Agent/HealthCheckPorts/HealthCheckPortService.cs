using System.Collections.Immutable;
using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Mooring.Agent.Snapshots;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Agent.HealthCheckPorts;

/// <summary>
/// Answers on the <c>healthCheckNodePort</c> of each Service whether this node has endpoints of it, so that a load balancer in
/// front of the nodes knows whom to send to. A port that kube-proxy has is left to it: it says the same.
/// </summary>
/// <param name="isHealthy">Verdict by backend set and endpoint, null for none.</param>
/// <param name="forwards">This node's forwarding works.</param>
internal sealed partial class HealthCheckPortService(
    string nodeName,
    Func<string, IPEndPoint, bool?> isHealthy,
    Func<bool> forwards,
    IServiceProvider services,
    TimeProvider time,
    ILoggerFactory loggers,
    ILogger<HealthCheckPortService> logger) : BackgroundService, ISnapshotConsumer
{
    /// <summary>For a port that was taken: whoever has it may go.</summary>
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(10);

    private readonly SocketTransportFactory _transport = new(Options.Create(new SocketTransportOptions { IOQueueCount = 1 }), loggers);
    private readonly Dictionary<ushort, HealthCheckPort> _open = [];
    private readonly HashSet<ushort> _taken = [];
    private readonly SemaphoreSlim _changed = new(0, 1);
    private ImmutableDictionary<ushort, VirtualIpIntent> _wanted = ImmutableDictionary<ushort, VirtualIpIntent>.Empty;
    private ClusterSnapshot _snapshot = ClusterSnapshot.Empty;

    public Task<ImmutableArray<Problem>> ApplyAsync(ClusterSnapshot snapshot, CancellationToken cancellationToken)
    {
        var before = Interlocked.Exchange(ref _snapshot, snapshot);
        if (before.VirtualIps == snapshot.VirtualIps)
        {
            return Task.FromResult(ImmutableArray<Problem>.Empty);
        }

        // Of two with one port the first is answered for.
        Volatile.Write(ref _wanted, snapshot.VirtualIps.Where(vip => vip.HealthCheckNodePort is not null)
            .DistinctBy(vip => vip.HealthCheckNodePort)
            .ToImmutableDictionary(vip => vip.HealthCheckNodePort!.Value));
        if (_changed.CurrentCount == 0)
        {
            _changed.Release();
        }

        return Task.FromResult(ImmutableArray<Problem>.Empty);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await FollowAsync(stoppingToken).ConfigureAwait(false);
                using var retry = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
                var due = _taken.Count > 0 ? RetryInterval : Timeout.InfiniteTimeSpan;
                var changed = _changed.WaitAsync(retry.Token);
                await Task.WhenAny(changed, Task.Delay(due, time, retry.Token)).ConfigureAwait(false);
                await retry.CancelAsync().ConfigureAwait(false);
                await changed.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                stoppingToken.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            foreach (var port in _open.Values)
            {
                await port.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        var wanted = Volatile.Read(ref _wanted);
        foreach (var (number, port) in _open.Where(open => !wanted.ContainsKey(open.Key)).ToArray())
        {
            _open.Remove(number);
            await port.DisposeAsync().ConfigureAwait(false);
            Log.Closed(logger, number);
        }

        _taken.RemoveWhere(number => !wanted.ContainsKey(number));
        foreach (var (number, vip) in wanted.Where(entry => !_open.ContainsKey(entry.Key)))
        {
            try
            {
                _open[number] = await HealthCheckPort.OpenAsync(
                    number, () => Report(number), _transport, services, loggers, cancellationToken).ConfigureAwait(false);
                _taken.Remove(number);
                Log.Opened(logger, number, vip.Key);
            }
            catch (IOException exception)
            {
                if (_taken.Add(number))
                {
                    Log.Taken(logger, number, vip.Key, exception.Message);
                }
            }
        }
    }

    private LocalEndpointReport? Report(ushort port) => Volatile.Read(ref _wanted).TryGetValue(port, out var vip)
        ? new LocalEndpointReport(
            new LocalEndpointReport.ServiceName(vip.Key.Namespace, vip.Key.Name),
            LocalEndpoints.Count(vip, Volatile.Read(ref _snapshot), nodeName, isHealthy),
            forwards())
        : null;

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Answering on health check port {Port} for {Vip}")]
        public static partial void Opened(ILogger logger, ushort port, NamespacedName vip);

        [LoggerMessage(LogLevel.Information, "Health check port {Port} is closed")]
        public static partial void Closed(ILogger logger, ushort port);

        [LoggerMessage(LogLevel.Information, "Health check port {Port} of {Vip} is left to who has it, as a rule kube-proxy: {Reason}")]
        public static partial void Taken(ILogger logger, ushort port, NamespacedName vip, string reason);
    }
}
