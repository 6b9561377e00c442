using Mooring.Controller.Agents;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Snapshots;

/// <summary>Puts together what the agents told of the load of each endpoint.</summary>
internal sealed class EndpointLoads
{
    private readonly AgentsView _view;
    private readonly HashSet<string> _direct = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _holders = new(StringComparer.Ordinal);

    public EndpointLoads(ClusterSnapshot snapshot, AgentsView view)
    {
        _view = view;
        foreach (var vip in snapshot.VirtualIps)
        {
            var nodes = vip.Addresses.Select(address => view.Holders.GetValueOrDefault(address.Address)?.Node).OfType<string>().ToArray();
            foreach (var id in vip.Ports.Select(port => port.BackendSetId))
            {
                _holders.TryAdd(id, new HashSet<string>(StringComparer.Ordinal));
                _holders[id].UnionWith(nodes);
                if (vip.Forwarding == ForwardingMode.Direct)
                {
                    _direct.Add(id);
                }
            }
        }
    }

    /// <summary>Connections, or response time in seconds, as the algorithm of the set has it; null when it is not known.</summary>
    public double? Of(BackendSet set, Backend backend)
    {
        var key = new EndpointKey(set.Id, backend.Address, backend.Port);
        return set.Algorithm == BalancingAlgorithm.LeastConnections ? Connections(set, backend, key) : ResponseTime(set, key);
    }

    /// <summary>
    /// A connection is counted by the one node that translates it: in Direct mode that of the pod, which has to be there to
    /// tell, else the holder.
    /// </summary>
    private double? Connections(BackendSet set, Backend backend, EndpointKey key)
    {
        if (_direct.Contains(set.Id) && backend.NodeName is { } node && !_view.Loads.ContainsKey(node))
        {
            return null;
        }

        var connections = 0.0;
        foreach (var (_, loads) in _view.Loads)
        {
            connections += loads.GetValueOrDefault(key).Connections;
        }

        return connections;
    }

    /// <summary>As the holders see it, so that all endpoints are seen from the same place; else as all nodes that check do.</summary>
    private double? ResponseTime(BackendSet set, EndpointKey key)
    {
        var times = Times(key, _holders.GetValueOrDefault(set.Id) ?? []).ToArray();
        times = times.Length == 0 ? [.. Times(key, _view.Loads.Keys)] : times;
        return times.Length == 0 ? null : times.Average();
    }

    private IEnumerable<double> Times(EndpointKey key, IEnumerable<string> nodes)
    {
        foreach (var node in nodes)
        {
            if (_view.Loads.TryGetValue(node, out var loads) && loads.GetValueOrDefault(key).ResponseTime is { } time)
            {
                yield return time.TotalSeconds;
            }
        }
    }
}
