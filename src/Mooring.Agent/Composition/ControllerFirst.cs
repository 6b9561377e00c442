using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Mooring.Agent.Snapshots;
using Mooring.Core.Snapshots;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Agent.Composition;

/// <summary>
/// Keeps the snapshot on disk from failover for a moment in which a controller can bring a newer one. The old one may not
/// name the nodes that hold the addresses by now; an agent that does not hear them would take the addresses from them.
/// </summary>
/// <param name="failover">Takes what is handed on; returns at once.</param>
internal sealed partial class ControllerFirst(
    ISnapshotConsumer failover, TimeProvider timeProvider, ILogger<ControllerFirst> logger) : ISnapshotConsumer, IDisposable
{
    /// <summary>A controller that is there answers within a fraction of this.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private bool _restoring = true;
    private ClusterSnapshot? _kept;
    private ITimer? _timer;
    private volatile bool _passedOn;

    /// <summary>Why this agent takes no part in failover, null when it does.</summary>
    public string? Problem => _passedOn ? null : "there is no snapshot yet, from a controller or on disk";

    /// <inheritdoc/>
    public Task<ImmutableArray<Problem>> ApplyAsync(ClusterSnapshot snapshot, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_restoring)
            {
                _kept = snapshot;
                return Task.FromResult(ImmutableArray<Problem>.Empty);
            }

            // Under the lock, so that the kept one cannot come after it.
            _kept = null;
            _passedOn = true;
            return failover.ApplyAsync(snapshot, cancellationToken);
        }
    }

    /// <summary>The snapshot on disk was read, if there is one: what comes from now on is a controller's.</summary>
    public void Restored()
    {
        lock (_gate)
        {
            _restoring = false;
            if (_kept is not null)
            {
                _timer = timeProvider.CreateTimer(_ => GoOnAlone(), null, Patience, Timeout.InfiniteTimeSpan);
            }
        }
    }

    public void Dispose() => _timer?.Dispose();

    private void GoOnAlone()
    {
        lock (_gate)
        {
            if (_kept is { } snapshot)
            {
                _kept = null;
                _passedOn = true;
                Log.Alone(logger, snapshot.Revision);
                _ = failover.ApplyAsync(snapshot, CancellationToken.None);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "No controller yet: taking part in failover by snapshot {Revision}")]
        public static partial void Alone(ILogger logger, ulong revision);
    }
}
