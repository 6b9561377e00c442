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
    private static readonly string[] Nobody = [];
    private static readonly EndpointJudgement Ready = new(EndpointState.Ready, null);

    private readonly AgentsView _agents;

    /// <summary>By set, the connected nodes that hold an address which uses it, sorted.</summary>
    private readonly Dictionary<string, string[]> _holdersBySet = new(StringComparer.Ordinal);

    /// <summary>What all agents together say, for sets that no one holds; put together when it is asked for.</summary>
    private Dictionary<EndpointKey, EndpointJudgement>? _byAnyone;

    public EndpointStates(IEnumerable<VirtualIpEvaluation> vips, AgentsView agents)
    {
        _agents = agents;
        foreach (var vip in vips.Where(vip => vip.Published))
        {
            string[] holders =
            [
                .. vip.Settings.Addresses
                    .Select(address => agents.Holders.GetValueOrDefault(address)?.Node)
                    .OfType<string>()
                    .Where(agents.Health.ContainsKey)
                    .Distinct()
                    .Order(StringComparer.Ordinal),
            ];
            foreach (var port in vip.Ports.Where(port => port.Set is not null))
            {
                _holdersBySet[port.Set!.Id] = _holdersBySet.TryGetValue(port.Set.Id, out var known) && !known.SequenceEqual(holders)
                    ? [.. known.Union(holders).Order(StringComparer.Ordinal)]
                    : holders;
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

    /// <summary>What the judgement of a set rests on: while these are the same instances it is the same.</summary>
    public IEnumerable<object> Sources(string setId)
    {
        var holders = _holdersBySet.GetValueOrDefault(setId, Nobody);
        return holders.Length == 0 ? [_agents.Health] : holders.SelectMany(node => (object[])[node, _agents.Health[node]]);
    }

    private EndpointJudgement Judge(EndpointKey key)
    {
        var holders = _holdersBySet.GetValueOrDefault(key.BackendSetId, Nobody);
        if (holders.Length == 0)
        {
            return (_byAnyone ??= JudgeByAnyone()).TryGetValue(key, out var known) ? known : Ready;
        }

        EndpointJudgement? judgement = null;
        foreach (var node in holders)
        {
            if (_agents.Health[node].TryGetValue(key, out var verdict))
            {
                judgement = Add(judgement, verdict, node);
            }
        }

        return judgement ?? Ready;
    }

    private Dictionary<EndpointKey, EndpointJudgement> JudgeByAnyone()
    {
        var judgements = new Dictionary<EndpointKey, EndpointJudgement>();
        foreach (var (node, health) in _agents.Health.Where(node => !node.Value.IsEmpty).OrderBy(node => node.Key, StringComparer.Ordinal))
        {
            foreach (var (key, verdict) in health)
            {
                judgements[key] = Add(judgements.TryGetValue(key, out var before) ? before : null, verdict, node);
            }
        }

        return judgements;
    }

    /// <summary>The first node that finds it unhealthy counts, else the first warning.</summary>
    private static EndpointJudgement Add(EndpointJudgement? before, EndpointVerdict verdict, string node)
    {
        if (before is { State: EndpointState.Unhealthy } unhealthy)
        {
            return unhealthy;
        }

        if (!verdict.Healthy)
        {
            var reason = verdict.Reason.Length == 0 ? "the probe failed" : verdict.Reason;
            return new(EndpointState.Unhealthy, $"{reason} (seen by {node})") { Since = verdict.Since };
        }

        return before?.Warning is null && verdict.Warning.Length > 0
            ? Ready with { Warning = $"{verdict.Warning} (seen by {node})" }
            : before ?? Ready;
    }
}
