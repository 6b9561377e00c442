using System.Collections.Immutable;
using Mooring.Agent.HealthChecks;
using Mooring.Agent.Snapshots;
using Mooring.Core.Snapshots;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Agent.Composition;

/// <summary>Hands snapshots to the health checks and to the exchange of their verdicts.</summary>
internal sealed class HealthCheckConsumer(HealthCheckService checks, VerdictExchange verdicts) : ISnapshotConsumer
{
    public Task<ImmutableArray<Problem>> ApplyAsync(ClusterSnapshot snapshot, CancellationToken cancellationToken)
    {
        checks.ApplySnapshot(snapshot);
        verdicts.ApplySnapshot(snapshot);
        return Task.FromResult(ImmutableArray<Problem>.Empty);
    }
}
