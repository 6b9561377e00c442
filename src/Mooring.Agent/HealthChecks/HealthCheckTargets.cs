using System.Net;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.HealthChecks;

/// <summary>Which endpoints a node checks.</summary>
internal static class HealthCheckTargets
{
    /// <summary>
    /// Endpoints of every checked backend set that serves an address <paramref name="nodeName"/> is a candidate for.
    /// Endpoints that Kubernetes reports as not ready are left out: they take no flows whatever a check says.
    /// </summary>
    public static IEnumerable<HealthCheckTarget> Of(ClusterSnapshot snapshot, string nodeName)
    {
        var needed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var vip in snapshot.VirtualIps)
        {
            if (vip.Addresses.Any(address => address.Candidates.Contains(nodeName)))
            {
                needed.UnionWith(vip.Ports.Select(port => port.BackendSetId));
            }
        }

        foreach (var set in snapshot.BackendSets)
        {
            if (set.HealthCheck is not { } check || !needed.Contains(set.Id))
            {
                continue;
            }

            foreach (var backend in set.Backends)
            {
                if (backend.Condition != BackendCondition.NotReady)
                {
                    yield return new HealthCheckTarget(set.Id, backend.EndPoint, check);
                }
            }
        }
    }
}
