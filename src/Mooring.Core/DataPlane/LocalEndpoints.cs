using System.Net;
using Mooring.Core.Health;
using Mooring.Core.Snapshots;

namespace Mooring.Core.DataPlane;

/// <summary>How many endpoints of a VirtualIp one node has itself.</summary>
public static class LocalEndpoints
{
    /// <summary>Those that take new connections, counted by address as kube-proxy does: one with two ports is one.</summary>
    /// <param name="vip">One of the snapshot.</param>
    /// <param name="isHealthy">Verdict by backend set and endpoint, null for none.</param>
    public static int Count(
        VirtualIpIntent vip, ClusterSnapshot snapshot, string nodeName, Func<string, IPEndPoint, bool?> isHealthy)
    {
        var ready = new HashSet<IPAddress>();
        var ids = vip.Ports.Select(port => port.BackendSetId).ToHashSet(StringComparer.Ordinal);
        foreach (var set in snapshot.BackendSets.Where(set => ids.Contains(set.Id)))
        {
            var fits = PoolPolicy.Apply(set, isHealthy);
            ready.UnionWith(set.Backends
                .Where(backend => backend is { Condition: BackendCondition.Ready, Weight: > 0 } && backend.NodeName == nodeName
                    && fits(set.Id, backend.EndPoint) != false)
                .Select(backend => backend.Address));
        }

        return ready.Count;
    }
}
