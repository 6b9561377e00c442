using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Mooring.Core.Snapshots;

namespace Mooring.Core.DataPlane;

/// <summary>
/// Plans one snapshot after another for one node. Of ten thousand services few change at a time, and objects of a snapshot
/// that did not change are the same instances as in the one before: only what changed is planned anew, and the services
/// that did not are the same instances in the next plan.
/// </summary>
/// <param name="nodeName">The node the plans are for.</param>
public sealed class SnapshotPlanner(string nodeName)
{
    private const int DefaultMtu = 1500;

    private static readonly AddressFamily[] Families = [AddressFamily.InterNetwork, AddressFamily.InterNetworkV6];

    private readonly Dictionary<(string SetId, AddressFamily Family), PlannedSet> _sets = [];

    /// <summary>Services by the set that they use.</summary>
    private readonly Dictionary<(string SetId, AddressFamily Family), List<Origin>> _users = [];

    private ClusterSnapshot _last = ClusterSnapshot.Empty;

    /// <summary>Where the services come from, in their order.</summary>
    private Origin[] _origins = [];
    private DataPlaneState _state = new() { NodeName = nodeName };

    /// <summary>
    /// One service per address, protocol and port, with the backends of the address's family. A backend takes new flows
    /// when Kubernetes calls it ready, no check says otherwise and its weight is not 0.
    /// </summary>
    /// <param name="snapshot">A validated snapshot: its ports name backend sets that exist.</param>
    /// <param name="isHealthy">Verdict of this node's checks by backend set and endpoint, null for none.</param>
    /// <param name="changedVerdicts">Sets with verdicts that may be others than at the last call, whether the sets changed or not; null: any.</param>
    public DataPlaneState Plan(ClusterSnapshot snapshot, Func<string, IPEndPoint, bool?> isHealthy, IReadOnlySet<string>? changedVerdicts)
    {
        var (come, gone) = SnapshotDifference.Between(_last.VirtualIps, snapshot.VirtualIps);
        var services = PlanSets(SnapshotDifference.Between(_last.BackendSets, snapshot.BackendSets).Come, isHealthy, changedVerdicts, out var sameTraits);
        if (come.Count + gone.Count > 0)
        {
            services = PlanVirtualIps(snapshot, isHealthy, services ?? _state.Services, come, gone);
            sameTraits = false;
        }

        if (services is { } others)
        {
            _state = _state.WithServices(others, sameTraits);
        }

        PlanNode(snapshot);
        _last = snapshot;
        return _state;
    }

    /// <returns>The services with other contents of the sets; null when they are the same.</returns>
    private ImmutableArray<ForwardedService>? PlanSets(
        IReadOnlyCollection<BackendSet> changed, Func<string, IPEndPoint, bool?> isHealthy, IReadOnlySet<string>? changedVerdicts, out bool sameTraits)
    {
        ForwardedService[]? services = null;
        sameTraits = true;
        var replaced = changed.ToDictionary(set => set.Id, StringComparer.Ordinal);
        var keys = changedVerdicts is null ? (IEnumerable<(string, AddressFamily)>)_sets.Keys.ToArray()
            : replaced.Keys.Union(changedVerdicts).SelectMany(id => Families, (id, family) => (id, family)).Where(_sets.ContainsKey).ToArray();
        foreach (var (id, family) in keys)
        {
            var before = _sets[(id, family)];
            var planned = PlannedSet.Of(replaced.GetValueOrDefault(id, before.Set), family, nodeName, isHealthy, before);
            if (planned.IsAs(before))
            {
                continue;
            }

            _sets[(id, family)] = planned;
            services ??= _state.Services.AsSpan().ToArray();
            foreach (var origin in _users[(id, family)])
            {
                var forwarded = Forward(origin, planned);
                sameTraits &= forwarded.Traits == services[origin.Position].Traits;
                services[origin.Position] = forwarded;
            }
        }

        return services is null ? null : ImmutableCollectionsMarshal.AsImmutableArray(services);
    }

    /// <summary>Takes out the services of those that are gone, and puts in those of the others at their places.</summary>
    private ImmutableArray<ForwardedService> PlanVirtualIps(
        ClusterSnapshot snapshot,
        Func<string, IPEndPoint, bool?> isHealthy,
        ImmutableArray<ForwardedService> services,
        IReadOnlyCollection<VirtualIpIntent> come,
        HashSet<VirtualIpIntent> gone)
    {
        var added = new List<(ForwardedService Service, Origin Origin)>(come.Count);
        var sets = new Lazy<Dictionary<string, BackendSet>>(() => snapshot.BackendSets.ToDictionary(set => set.Id, StringComparer.Ordinal));
        foreach (var vip in come)
        {
            foreach (var address in vip.Addresses)
            {
                foreach (var port in vip.Ports)
                {
                    var origin = new Origin(vip, address.Address, port);
                    if (!_sets.TryGetValue(origin.Key, out var planned))
                    {
                        planned = PlannedSet.Of(sets.Value[port.BackendSetId], origin.Key.Family, nodeName, isHealthy, before: null);
                        _sets.Add(origin.Key, planned);
                        _users.Add(origin.Key, []);
                    }

                    _users[origin.Key].Add(origin);
                    added.Add((Forward(origin, planned), origin));
                }
            }
        }

        // After the others: a set that goes on being used is not planned from the start.
        foreach (var origin in _origins.Where(origin => gone.Contains(origin.Vip)))
        {
            Forget(origin);
        }

        added.Sort(static (one, other) => ServiceOrder.Instance.Compare(one.Service, other.Service));
        var (all, origins) = (ImmutableArray.CreateBuilder<ForwardedService>(services.Length + added.Count), new List<Origin>(services.Length + added.Count));
        var next = 0;
        for (var position = 0; position < services.Length; position++)
        {
            if (_origins[position].Position < 0)
            {
                continue;
            }

            for (; next < added.Count && ServiceOrder.Instance.Compare(added[next].Service, services[position]) < 0; next++)
            {
                Put(added[next].Service, added[next].Origin);
            }

            Put(services[position], _origins[position]);
        }

        for (; next < added.Count; next++)
        {
            Put(added[next].Service, added[next].Origin);
        }

        _origins = [.. origins];
        return all.DrainToImmutable();

        void Put(ForwardedService service, Origin origin)
        {
            origin.Position = origins.Count;
            all.Add(service);
            origins.Add(origin);
        }
    }

    private void Forget(Origin origin)
    {
        origin.Position = -1;
        var users = _users[origin.Key];
        users.Remove(origin);
        if (users.Count == 0)
        {
            _users.Remove(origin.Key);
            _sets.Remove(origin.Key);
        }
    }

    /// <summary>What does not depend on single services.</summary>
    private void PlanNode(ClusterSnapshot snapshot)
    {
        var direct = _state.Traits.HasFlag(ServiceTraits.Direct);
        if (_last.Nodes == snapshot.Nodes && direct == _state.Peers.Length > 0)
        {
            return;
        }

        _state = _state with
        {
            Peers = direct ? PeerPlanner.Plan(snapshot.Nodes, nodeName) : [],
            Mtu = snapshot.Nodes.FirstOrDefault(node => node.Name == nodeName)?.Interfaces
                .Where(nic => nic.Up).Select(nic => nic.Mtu).DefaultIfEmpty(DefaultMtu).Min() ?? DefaultMtu,
        };
    }

    private static ForwardedService Forward(Origin origin, PlannedSet planned)
    {
        var direct = origin.Vip.Forwarding == ForwardingMode.Direct;
        var keepsFailed = origin.Port.Protocol != TransportProtocol.Udp && !planned.Set.ShutsDownSessions;
        return new ForwardedService
        {
            VirtualIp = origin.Vip.Key,
            Address = origin.Address,
            Protocol = origin.Port.Protocol,
            Port = origin.Port.Port,
            Algorithm = planned.Set.Algorithm,
            ClientAffinityTimeout = planned.Set.ClientAffinityTimeout,
            HoldsWithoutBackends = planned.Set.HoldsWithoutBackends,
            Backends = origin.Vip.LocalEndpointsOnly ? planned.Local.Value : planned.Backends,
            Direct = direct ? planned.Direct.Value : null,
            Slots = direct ? null : planned.Set.SlotsOf(planned.Family),
            Sparse = direct ? null : planned.Set.SparseOf(planned.Family),
            Draining = keepsFailed ? planned.Unfit : planned.Draining,
            Leaving = planned.Leaving,
            Failed = keepsFailed ? planned.Failed : [],
            DrainTimeout = planned.Set.DrainTimeout,
            SourceRanges = SourceRange.Of(origin.Vip.SourceRanges, origin.Address.AddressFamily),
        };
    }

    private sealed class Origin(VirtualIpIntent vip, IPAddress address, PortIntent port)
    {
        public VirtualIpIntent Vip { get; } = vip;

        public IPAddress Address { get; } = address;

        public PortIntent Port { get; } = port;

        public (string SetId, AddressFamily Family) Key { get; } = (port.BackendSetId, address.AddressFamily);

        /// <summary>Of its service; below 0 when it is gone.</summary>
        public int Position { get; set; }
    }
}
