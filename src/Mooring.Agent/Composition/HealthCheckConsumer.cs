using System.Collections.Immutable;
using Mooring.Agent.HealthChecks;
using Mooring.Agent.Snapshots;
using Mooring.Core.Snapshots;
using Mooring.Protocol.V1Alpha1;

namespace Mooring.Agent.Composition;

/// <summary>Hands snapshots to the health checks and to the exchange of their verdicts.</summary>
/// <param name="verdictsChanged">Called when verdicts are gone of sets that did not change.</param>
internal sealed class HealthCheckConsumer(HealthCheckService checks, VerdictExchange verdicts, Action verdictsChanged) : ISnapshotConsumer
{
    public Task<ImmutableArray<Problem>> ApplyAsync(ClusterSnapshot snapshot, CancellationToken cancellationToken)
    {
        if (checks.ApplySnapshot(snapshot))
        {
            verdictsChanged();
        }

        verdicts.ApplySnapshot(snapshot);
        return Task.FromResult(ImmutableArray<Problem>.Empty);
    }
}
