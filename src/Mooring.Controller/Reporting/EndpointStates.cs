using System.Collections.Immutable;
using System.Net;
using Mooring.Controller.Agents;
using Mooring.Controller.Snapshots;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Reporting;

/// <summary>
/// Joins what Kubernetes says of an endpoint with what the agents' probes say. New connections go where the holder
/// sends them, so its verdict counts; while no one holds an address that uses the set, any agent's does.
/// </summary>
internal sealed class EndpointStates
{
    private readonly AgentsView _agents;
    private readonly Dictionary<string, ImmutableHashSet<string>> _holdersBySet = new(StringComparer.Ordinal);

    public EndpointStates(IEnumerable<VirtualIpEvaluation> vips, AgentsView agents)
    {
        _agents = agents;
        foreach (var vip in vips.Where(vip => vip.Published))
        {
            var holders = vip.Settings.Addresses
                .Select(address => agents.Holders.GetValueOrDefault(address)?.Node)
                .OfType<string>()
                .Where(agents.Health.ContainsKey)
                .ToArray();
            foreach (var port in vip.Ports.Where(port => port.Set is not null))
            {
                var known = _holdersBySet.GetValueOrDefault(port.Set!.Id) ?? [];
                _holdersBySet[port.Set.Id] = known.Union(holders);
            }
        }
    }

    public EndpointJudgement Of(string setId, Backend backend)
    {
        switch (backend.Condition)
        {
            case BackendCondition.Draining:
                return new(EndpointState.Draining, "left the pool; established connections go on until the drain timeout");
            case BackendCondition.NotReady:
                return new(EndpointState.NotReady, "not ready, by Kubernetes");
            default:
                return Judge(new EndpointKey(setId, backend.Address, backend.Port));
        }
    }

    private EndpointJudgement Judge(EndpointKey key)
    {
        var holders = _holdersBySet.GetValueOrDefault(key.BackendSetId) ?? [];
        IEnumerable<string> judges = holders.IsEmpty ? _agents.Health.Keys : holders;
        string? warning = null;
        foreach (var node in judges.Order(StringComparer.Ordinal))
        {
            if (!_agents.Health[node].TryGetValue(key, out var verdict))
            {
                continue;
            }

            if (!verdict.Healthy)
            {
                var reason = verdict.Reason.Length == 0 ? "the probe failed" : verdict.Reason;
                return new(EndpointState.Unhealthy, $"{reason} (seen by {node})") { Since = verdict.Since };
            }

            warning ??= verdict.Warning.Length == 0 ? null : $"{verdict.Warning} (seen by {node})";
        }

        return new(EndpointState.Ready, null) { Warning = warning };
    }
}
