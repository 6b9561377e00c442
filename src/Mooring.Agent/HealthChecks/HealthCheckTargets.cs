using System.Collections.Immutable;
using System.Net;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.HealthChecks;

/// <summary>
/// Which endpoints a node checks: those of every checked backend set behind an address that it is to hold, is the first
/// standby of, or holds; in Direct mode also those on the node itself, which forwards to them. Endpoints that Kubernetes
/// reports as not ready are left out: they take no flows whatever a check says.
/// </summary>
internal sealed class HealthCheckTargets(
    ImmutableArray<VirtualIpIntent> vips, string nodeName, ImmutableHashSet<IPAddress> held)
{
    /// <summary>The holder and the first standby check.</summary>
    private const int CheckingCandidates = 2;

    private readonly Lazy<(HashSet<string> All, HashSet<string> Local)> _sets = new(() => Sets(vips, nodeName, held));

    public IEnumerable<HealthCheckTarget> In(BackendSet set)
    {
        if (set.HealthCheck is not { } check)
        {
            yield break;
        }

        var all = _sets.Value.All.Contains(set.Id);
        if (!all && !_sets.Value.Local.Contains(set.Id))
        {
            yield break;
        }

        foreach (var backend in set.Backends)
        {
            if (backend.Condition != BackendCondition.NotReady && (all || backend.NodeName == nodeName))
            {
                yield return new HealthCheckTarget(set.Id, backend.EndPoint, check);
            }
        }
    }

    /// <summary>Ids of the sets of which every endpoint is checked, and of those of which the local ones are.</summary>
    private static (HashSet<string> All, HashSet<string> Local) Sets(
        ImmutableArray<VirtualIpIntent> vips, string nodeName, ImmutableHashSet<IPAddress> held)
    {
        var all = new HashSet<string>(StringComparer.Ordinal);
        var local = new HashSet<string>(StringComparer.Ordinal);
        foreach (var vip in vips)
        {
            var checks = vip.Addresses.Any(address => held.Contains(address.Address)
                || address.Candidates.AsSpan(0, Math.Min(CheckingCandidates, address.Candidates.Length)).Contains(nodeName));
            if (checks || vip.Forwarding == ForwardingMode.Direct)
            {
                (checks ? all : local).UnionWith(vip.Ports.Select(port => port.BackendSetId));
            }
        }

        return (all, local);
    }
}
