using System.Net;
using Mooring.Core.Balancing;
using Mooring.Core.Snapshots;
using Mooring.Linux.Conntrack;

namespace Mooring.Agent.Loads;

/// <summary>Tells which backend set a tracked flow belongs to, among those that are weighted by load.</summary>
internal sealed class LoadedServices
{
    public static readonly LoadedServices None = new(ClusterSnapshot.Empty);

    private readonly HashSet<string> _sets;
    private readonly Dictionary<(byte Protocol, IPEndPoint Service), string> _services = [];

    public LoadedServices(ClusterSnapshot snapshot)
    {
        _sets = snapshot.BackendSets.Where(set => set.GoesByLoad).Select(set => set.Id).ToHashSet(StringComparer.Ordinal);
        CountsFlows = snapshot.BackendSets.Any(set => set.GoesByLoad && set.Algorithm == BalancingAlgorithm.LeastConnections);
        foreach (var vip in _sets.Count == 0 ? [] : snapshot.VirtualIps)
        {
            foreach (var port in vip.Ports.Where(port => _sets.Contains(port.BackendSetId)))
            {
                foreach (var address in vip.Addresses)
                {
                    _services[((byte)port.Protocol, new IPEndPoint(address.Address, port.Port))] = port.BackendSetId;
                }
            }
        }
    }

    public bool Any => _sets.Count > 0;

    /// <summary>Some set goes by the number of connections.</summary>
    public bool CountsFlows { get; }

    public bool Has(string setId) => _sets.Contains(setId);

    public string? SetOf(in ConntrackFlow flow) => _services.GetValueOrDefault((flow.Protocol, flow.OriginalDestination));
}
