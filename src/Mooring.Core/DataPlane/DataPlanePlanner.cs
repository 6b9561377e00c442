using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Mooring.Core.Snapshots;

namespace Mooring.Core.DataPlane;

/// <summary>Computes what the kernel of one node should do from a snapshot and the node's health verdicts.</summary>
public static class DataPlanePlanner
{
    private const int DefaultMtu = 1500;

    /// <summary>
    /// One service per address, protocol and port, with the backends of the address's family. A backend takes new flows
    /// when Kubernetes calls it ready, no check of this node says otherwise and its weight is not 0.
    /// </summary>
    /// <param name="snapshot">A validated snapshot: its ports name backend sets that exist.</param>
    /// <param name="nodeName">The node the plan is for.</param>
    /// <param name="isHealthy">Verdict of this node's checks by backend set and endpoint, null for none.</param>
    public static DataPlaneState Plan(
        ClusterSnapshot snapshot, string nodeName, Func<string, IPEndPoint, bool?> isHealthy)
    {
        var sets = snapshot.BackendSets.ToDictionary(set => set.Id, StringComparer.Ordinal);
        var plans = new Dictionary<(string, AddressFamily), PlannedSet>();

        var services = new List<ForwardedService>();
        foreach (var vip in snapshot.VirtualIps)
        {
            foreach (var address in vip.Addresses)
            {
                var family = address.Address.AddressFamily;
                foreach (var port in vip.Ports)
                {
                    if (!plans.TryGetValue((port.BackendSetId, family), out var planned))
                    {
                        planned = PlannedSet.Of(sets[port.BackendSetId], family, nodeName, isHealthy);
                        plans.Add((port.BackendSetId, family), planned);
                    }

                    services.Add(new ForwardedService
                    {
                        VirtualIp = vip.Key,
                        Address = address.Address,
                        Protocol = port.Protocol,
                        Port = port.Port,
                        Algorithm = planned.Set.Algorithm,
                        ClientAffinityTimeout = planned.Set.ClientAffinityTimeout,
                        Backends = vip.LocalEndpointsOnly ? planned.Local.Value : planned.Backends,
                        Direct = vip.Forwarding == ForwardingMode.Direct ? planned.Direct.Value : null,
                        Draining = port.Protocol == TransportProtocol.Tcp && !planned.Set.ShutsDownSessions ? planned.Unfit : planned.Draining,
                        Leaving = planned.Leaving,
                        DrainTimeout = planned.Set.DrainTimeout,
                    });
                }
            }
        }

        services.Sort(ServiceOrder.Instance);
        return new DataPlaneState
        {
            NodeName = nodeName,
            Services = [.. services],
            Peers = services.Exists(service => service.Direct is not null) ? PeerPlanner.Plan(snapshot.Nodes, nodeName) : [],
            Mtu = snapshot.Nodes.FirstOrDefault(node => node.Name == nodeName)?.Interfaces
                .Where(nic => nic.Up).Select(nic => nic.Mtu).DefaultIfEmpty(DefaultMtu).Min() ?? DefaultMtu,
        };
    }

    private sealed record PlannedSet(
        BackendSet Set,
        ImmutableArray<ForwardedBackend> Backends,
        ImmutableArray<ForwardedBackend> Draining,
        ImmutableArray<ForwardedBackend> Unfit,
        ImmutableArray<ForwardedBackend> Leaving,
        Lazy<DirectForwarding?> Direct)
    {
        /// <summary>
        /// Backends of this node; all where it has none. Such a node does not hold the address, and it is its own pods that
        /// ask here.
        /// </summary>
        public Lazy<ImmutableArray<ForwardedBackend>> Local { get; } = new(() =>
            Backends.Any(backend => backend.Local) ? [.. Backends.Where(backend => backend.Local)] : Backends);

        public static PlannedSet Of(
            BackendSet set, AddressFamily family, string nodeName, Func<string, IPEndPoint, bool?> isHealthy)
        {
            var backends = ImmutableArray.CreateBuilder<ForwardedBackend>(set.Backends.Length);
            var draining = ImmutableArray.CreateBuilder<ForwardedBackend>();
            var unfit = ImmutableArray.CreateBuilder<ForwardedBackend>();
            var leaving = ImmutableArray.CreateBuilder<ForwardedBackend>();
            foreach (var backend in set.Backends.Where(backend => backend.Address.AddressFamily == family))
            {
                var forwarded = new ForwardedBackend(
                    backend.Address, backend.Port, backend.Weight, Local: backend.NodeName == nodeName);
                var fit = backend.Condition != BackendCondition.NotReady && isHealthy(set.Id, backend.EndPoint) != false;
                if (fit && backend.Condition == BackendCondition.Ready && backend.Weight > 0)
                {
                    backends.Add(forwarded);
                    continue;
                }

                unfit.Add(forwarded);
                if (backend.Condition == BackendCondition.Draining || backend.Weight == 0)
                {
                    leaving.Add(forwarded);
                }

                if (fit)
                {
                    draining.Add(forwarded);
                }
            }

            backends.Sort(BackendOrder.Instance);
            draining.Sort(BackendOrder.Instance);
            unfit.Sort(BackendOrder.Instance);
            leaving.Sort(BackendOrder.Instance);
            return new PlannedSet(set, backends.ToImmutable(), draining.ToImmutable(), unfit.ToImmutable(), leaving.ToImmutable(), new Lazy<DirectForwarding?>(
                () => set.SlotsOf(family) is { } slots ? DirectPlanner.Plan(slots, set, nodeName, isHealthy) : null));
        }
    }
}
