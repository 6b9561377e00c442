using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mooring.Agent.Snapshots;
using Mooring.Core.Snapshots;
using Mooring.Core.Surroundings;
using Mooring.Linux;
using Mooring.Linux.Nftables;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Agent.Surroundings;

/// <summary>
/// Looks every <see cref="Interval"/>, and when the addresses change, for what stands in their way on this node. Only looks: what it
/// finds belongs to others, and is told with the fix.
/// </summary>
internal sealed partial class SurroundingsWatch(
    string nodeName,
    Func<(ImmutableArray<LocalInterface> Interfaces, ImmutableArray<ForeignRules> Rules)> read,
    Action<ImmutableArray<AddressObstacle>> found,
    TimeProvider timeProvider,
    ILogger<SurroundingsWatch> logger) : BackgroundService, ISnapshotConsumer
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    private readonly SemaphoreSlim _changed = new(0, 1);
    private ImmutableHashSet<AddressObstacle> _known = [];
    private volatile ClusterSnapshot _snapshot = ClusterSnapshot.Empty;
    private ImmutableArray<IPAddress> _addresses = [];
    private ImmutableArray<VirtualIpIntent> _vips = [];

    public Task<ImmutableArray<Problem>> ApplyAsync(ClusterSnapshot snapshot, CancellationToken cancellationToken)
    {
        _snapshot = snapshot;
        if (_vips == snapshot.VirtualIps)
        {
            return Task.FromResult(ImmutableArray<Problem>.Empty);
        }

        _vips = snapshot.VirtualIps;
        ImmutableArray<IPAddress> addresses = [.. snapshot.VirtualIps.SelectMany(vip => vip.Addresses).Select(one => one.Address).Distinct()];
        if (!addresses.SequenceEqual(_addresses))
        {
            ImmutableInterlocked.InterlockedExchange(ref _addresses, addresses);
            if (_changed.CurrentCount == 0)
            {
                _changed.Release();
            }
        }

        return Task.FromResult(ImmutableArray<Problem>.Empty);
    }

    public override void Dispose()
    {
        _changed.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                using (var either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken))
                {
                    await Task.WhenAny(_changed.WaitAsync(either.Token), Task.Delay(Interval, timeProvider, either.Token))
                        .ConfigureAwait(false);
                    await either.CancelAsync().ConfigureAwait(false);
                }

                stoppingToken.ThrowIfCancellationRequested();
                Look();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The agent stops.
        }
    }

    private void Look()
    {
        ImmutableArray<AddressObstacle> problems;
        try
        {
            var (interfaces, rules) = read();
            problems = [.. NodeSurvey.Find(_addresses, interfaces, rules), .. MtuSurvey.Find(_snapshot, nodeName)];
        }
        catch (Exception exception)
            when (exception is SystemCallException or SocketException or NftablesException or IOException or InvalidDataException)
        {
            Log.NotRead(logger, exception);
            return;
        }

        var now = problems.ToImmutableHashSet();
        if (now.SetEquals(_known))
        {
            return;
        }

        foreach (var message in now.Select(problem => problem.Message).Except(_known.Select(problem => problem.Message)).Order(StringComparer.Ordinal))
        {
            Log.Problem(logger, message);
        }

        _known = now;
        found(problems);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Something on this node stands in the way of an address: {Problem}")]
        public static partial void Problem(ILogger logger, string problem);

        [LoggerMessage(LogLevel.Debug, "The surroundings of the addresses could not be looked at")]
        public static partial void NotRead(ILogger logger, Exception exception);
    }
}
