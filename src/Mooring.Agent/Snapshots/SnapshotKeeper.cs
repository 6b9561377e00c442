using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Mooring.Core.Snapshots;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Agent.Snapshots;

/// <summary>
/// Owns the snapshot in force: hands a new one to each part of the agent in turn, then saves it. Calls come one at a
/// time: first the restore at start, then those of the controller link.
/// </summary>
internal sealed partial class SnapshotKeeper(
    SnapshotStore store, IEnumerable<ISnapshotConsumer> consumers, ILogger<SnapshotKeeper> logger)
{
    private readonly ISnapshotConsumer[] _consumers = [.. consumers];
    private ClusterSnapshot _current = ClusterSnapshot.Empty;

    public ClusterSnapshot Current => Volatile.Read(ref _current);

    /// <summary>Puts the snapshot on disk in force, if there is one.</summary>
    public async Task RestoreAsync(CancellationToken cancellationToken)
    {
        if (await store.LoadAsync(cancellationToken).ConfigureAwait(false) is { } snapshot)
        {
            await ApplyAsync(snapshot, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            Log.StartsEmpty(logger);
        }
    }

    /// <summary>Puts a validated snapshot in force and saves it.</summary>
    /// <param name="snapshot">What is to be in force.</param>
    /// <param name="delta">What led to it from <see cref="Current"/>, if it came so: then only this is saved.</param>
    /// <returns>What could not be done; the rest is in force.</returns>
    public async Task<ImmutableArray<Problem>> TakeAsync(
        ClusterSnapshot snapshot, Delta? delta, CancellationToken cancellationToken)
    {
        var problems = await ApplyAsync(snapshot, cancellationToken).ConfigureAwait(false);
        try
        {
            // After the kernel has it: a pod that left must not get new flows while a disk is busy.
            await (delta is null ? store.SaveAsync(snapshot, cancellationToken) : store.SaveAsync(snapshot, delta, cancellationToken))
                .ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.NotSaved(logger, snapshot.Revision, exception);
            problems = problems.Add(new Problem { Message = $"snapshot not saved on the node: {exception.Message}" });
        }

        return problems;
    }

    private async Task<ImmutableArray<Problem>> ApplyAsync(ClusterSnapshot snapshot, CancellationToken cancellationToken)
    {
        var problems = ImmutableArray.CreateBuilder<Problem>();
        foreach (var consumer in _consumers)
        {
            problems.AddRange(await consumer.ApplyAsync(snapshot, cancellationToken).ConfigureAwait(false));
        }

        Volatile.Write(ref _current, snapshot);
        Log.Applied(logger, snapshot.Revision, snapshot.VirtualIps.Length, problems.Count);
        return problems.ToImmutable();
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
