using System.Collections.Immutable;
using System.Net;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.HealthChecks;

/// <summary>Which endpoints a node checks.</summary>
internal static class HealthCheckTargets
{
    /// <summary>The holder and the first standby check.</summary>
    private const int CheckingCandidates = 2;

    /// <summary>
    /// Endpoints of every checked backend set behind an address that <paramref name="nodeName"/> is to hold, is the first
    /// standby of, or holds; in Direct mode also those on the node itself, which forwards to them. Endpoints that Kubernetes
    /// reports as not ready are left out: they take no flows whatever a check says.
    /// </summary>
    public static IEnumerable<HealthCheckTarget> Of(
        ClusterSnapshot snapshot, string nodeName, ImmutableHashSet<IPAddress> held)
    {
        if (!AnyCheck(snapshot))
        {
            yield break;
        }

        var all = new HashSet<string>(StringComparer.Ordinal);
        var local = new HashSet<string>(StringComparer.Ordinal);
        foreach (var vip in snapshot.VirtualIps)
        {
            var checks = vip.Addresses.Any(address => held.Contains(address.Address)
                || address.Candidates.AsSpan(0, Math.Min(CheckingCandidates, address.Candidates.Length)).Contains(nodeName));
            if (checks || vip.Forwarding == ForwardingMode.Direct)
            {
                (checks ? all : local).UnionWith(vip.Ports.Select(port => port.BackendSetId));
            }
        }

        foreach (var set in snapshot.BackendSets)
        {
            if (set.HealthCheck is not { } check || !(all.Contains(set.Id) || local.Contains(set.Id)))
            {
                continue;
            }

            foreach (var backend in set.Backends)
            {
                if (backend.Condition != BackendCondition.NotReady && (all.Contains(set.Id) || backend.NodeName == nodeName))
                {
                    yield return new HealthCheckTarget(set.Id, backend.EndPoint, check);
                }
            }
        }
    }

    private static bool AnyCheck(ClusterSnapshot snapshot)
    {
        foreach (var set in snapshot.BackendSets)
        {
            if (set.HealthCheck is not null)
            {
                return true;
            }
        }

        return false;
    }
}
