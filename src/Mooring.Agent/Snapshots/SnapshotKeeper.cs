using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Mooring.Core.Snapshots;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Agent.Snapshots;

/// <summary>
/// Owns the snapshot in force: hands a new one to each part of the agent in turn, then saves it. Calls come one at a
/// time: first the restore at start, then those of the controller link.
/// </summary>
internal sealed partial class SnapshotKeeper
{
    private readonly SnapshotStore _store;
    private readonly ISnapshotConsumer[] _consumers;
    private readonly ILogger<SnapshotKeeper> _logger;
    private readonly Lock _gate = new();

    /// <summary>By consumer; the last is of the disk.</summary>
    private readonly ImmutableArray<Problem>[] _problems;

    private ClusterSnapshot _current = ClusterSnapshot.Empty;

    public SnapshotKeeper(SnapshotStore store, IEnumerable<ISnapshotConsumer> consumers, ILogger<SnapshotKeeper> logger)
    {
        (_store, _consumers, _logger) = (store, [.. consumers], logger);
        _problems = [.. Enumerable.Repeat(ImmutableArray<Problem>.Empty, _consumers.Length + 1)];
        for (var i = 0; i < _consumers.Length; i++)
        {
            if (_consumers[i] is IProblemSource source)
            {
                var position = i;
                source.ProblemsChanged += problems =>
                {
                    Set(position, problems);
                    ProblemsChanged?.Invoke();
                };
            }
        }
    }

    /// <summary>What is wrong with the snapshot in force became something else since it was put in force.</summary>
    public event Action? ProblemsChanged;

    public ClusterSnapshot Current => Volatile.Read(ref _current);

    /// <summary>What of the snapshot in force could not be done, as of now.</summary>
    public ImmutableArray<Problem> Problems
    {
        get
        {
            lock (_gate)
            {
                return [.. _problems.SelectMany(problems => problems)];
            }
        }
    }

    /// <summary>Puts the snapshot on disk in force, if there is one.</summary>
    public async Task RestoreAsync(CancellationToken cancellationToken)
    {
        if (await _store.LoadAsync(cancellationToken).ConfigureAwait(false) is { } snapshot)
        {
            await ApplyAsync(snapshot, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            Log.StartsEmpty(_logger);
        }
    }

    /// <summary>Puts a validated snapshot in force and saves it.</summary>
    /// <param name="snapshot">What is to be in force.</param>
    /// <param name="delta">What led to it from <see cref="Current"/>, if it came so: then only this is saved.</param>
    /// <returns>What could not be done; the rest is in force.</returns>
    public async Task<ImmutableArray<Problem>> TakeAsync(
        ClusterSnapshot snapshot, Delta? delta, CancellationToken cancellationToken)
    {
        await ApplyAsync(snapshot, cancellationToken).ConfigureAwait(false);
        Set(_consumers.Length, []);
        try
        {
            // After the kernel has it: a pod that left must not get new flows while a disk is busy.
            await (delta is null ? _store.SaveAsync(snapshot, cancellationToken) : _store.SaveAsync(snapshot, delta, cancellationToken))
                .ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.NotSaved(_logger, snapshot.Revision, exception);
            Set(_consumers.Length, [new Problem { Message = $"snapshot not saved on the node: {exception.Message}" }]);
        }

        return Problems;
    }

    private async Task ApplyAsync(ClusterSnapshot snapshot, CancellationToken cancellationToken)
    {
        for (var i = 0; i < _consumers.Length; i++)
        {
            Set(i, await _consumers[i].ApplyAsync(snapshot, cancellationToken).ConfigureAwait(false));
        }

        Volatile.Write(ref _current, snapshot);
        Log.Applied(_logger, snapshot.Revision, snapshot.VirtualIps.Length, Problems.Length);
    }

    private void Set(int position, ImmutableArray<Problem> problems)
    {
        lock (_gate)
        {
            _problems[position] = problems;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "No snapshot on disk: waiting for a controller")]
        public static partial void StartsEmpty(ILogger logger);

        [LoggerMessage(LogLevel.Debug, "Snapshot {Revision} with {VirtualIps} virtual IPs applied with {Problems} problems")]
        public static partial void Applied(ILogger logger, ulong revision, int virtualIps, int problems);

        [LoggerMessage(LogLevel.Error, "Snapshot {Revision} could not be saved")]
        public static partial void NotSaved(ILogger logger, ulong revision, Exception exception);
    }
}
