using System.Collections.Immutable;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Agent.Snapshots;

/// <summary>A part of the agent whose problems with the snapshot in force come and go between two snapshots.</summary>
internal interface IProblemSource : ISnapshotConsumer
{
    /// <summary>Given all that is wrong now. Not raised for what <see cref="ISnapshotConsumer.ApplyAsync"/> returned.</summary>
    event Action<ImmutableArray<Problem>>? ProblemsChanged;
}
