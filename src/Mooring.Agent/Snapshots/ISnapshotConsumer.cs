using System.Collections.Immutable;
using Mooring.Core.Snapshots;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Agent.Snapshots;

/// <summary>A part of the agent that acts on snapshots.</summary>
internal interface ISnapshotConsumer
{
    /// <summary>Brings the part to the snapshot. Completes when it is in force.</summary>
    /// <returns>What could not be done, for the acknowledgement; the rest is in force.</returns>
    Task<ImmutableArray<Problem>> ApplyAsync(ClusterSnapshot snapshot, CancellationToken cancellationToken);
}
