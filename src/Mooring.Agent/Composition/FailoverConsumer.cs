using System.Collections.Immutable;
using Mooring.Agent.Failover;
using Mooring.Agent.Snapshots;
using Mooring.Core.Snapshots;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Agent.Composition;

/// <summary>Hands snapshots to failover, after the data plane: what is claimed can be forwarded.</summary>
internal sealed class FailoverConsumer(FailoverService failover) : ISnapshotConsumer
{
    public Task<ImmutableArray<Problem>> ApplyAsync(ClusterSnapshot snapshot, CancellationToken cancellationToken)
    {
        failover.ApplySnapshot(snapshot with { Nodes = [.. snapshot.Nodes.Where(node => !node.Away)] });
        return Task.FromResult(ImmutableArray<Problem>.Empty);
    }
}
