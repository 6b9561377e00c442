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

    private readonly Dictionary<(string SetId, AddressFamily Family), PlannedSet> _sets = [];

    /// <summary>Positions of services by the set that they use.</summary>
    private readonly Dictionary<(string SetId, AddressFamily Family), List<int>> _users = [];

    private ClusterSnapshot? _last;
    private Origin[] _origins = [];
    private DataPlaneState _state = DataPlaneState.Empty;

    /// <summary>
    /// One service per address, protocol and port, with the backends of the address's family. A backend takes new flows
    /// when Kubernetes calls it ready, no check says otherwise and its weight is not 0.
    /// </summary>
    /// <param name="snapshot">A validated snapshot: its ports name backend sets that exist.</param>
    /// <param name="isHealthy">Verdict of this node's checks by backend set and endpoint, null for none.</param>
    /// <param name="verdictsChanged">Verdicts may be others than at the last call, also on sets that did not change.</param>
    public DataPlaneState Plan(ClusterSnapshot snapshot, Func<string, IPEndPoint, bool?> isHealthy, bool verdictsChanged)
    {
        var last = _last;
        _last = snapshot;
        if (last is null || last.VirtualIps != snapshot.VirtualIps || last.Nodes != snapshot.Nodes
            || !TryReplaceSets(last.BackendSets, snapshot.BackendSets, isHealthy, verdictsChanged))
        {
            PlanAll(snapshot, isHealthy, verdictsChanged);
        }

        return _state;
    }

    /// <returns>False when it takes more than other contents of the same sets.</returns>
    private bool TryReplaceSets(
        ImmutableArray<BackendSet> before, ImmutableArray<BackendSet> after, Func<string, IPEndPoint, bool?> isHealthy, bool verdictsChanged)
    {
        if (before.Length != after.Length)
        {
            return false;
        }

        ForwardedService[]? services = null;
        var sameTraits = true;
        for (var i = 0; i < after.Length; i++)
        {
            // Nothing of the others is looked at: memory of ten thousand of them takes a while to come.
            if (ReferenceEquals(before[i], after[i]) && !verdictsChanged)
            {
                continue;
            }

            var set = after[i];
            if (before[i].Id != set.Id)
            {
                return false;
            }

            foreach (var family in (ReadOnlySpan<AddressFamily>)[AddressFamily.InterNetwork, AddressFamily.InterNetworkV6])
            {
                if (!_users.TryGetValue((set.Id, family), out var users) || !Refresh(set, family, isHealthy, verdictsChanged, out var planned))
                {
                    continue;
                }

                services ??= _state.Services.AsSpan().ToArray();
                foreach (var position in users)
                {
                    var forwarded = Forward(_origins[position], planned);
                    sameTraits &= forwarded.Traits == services[position].Traits;
                    services[position] = forwarded;
                }
            }
        }

        if (services is not null)
        {
            _state = _state.WithServices(ImmutableCollectionsMarshal.AsImmutableArray(services), sameTraits);
        }

        return true;
    }

    private void PlanAll(ClusterSnapshot snapshot, Func<string, IPEndPoint, bool?> isHealthy, bool verdictsChanged)
    {
        var sets = snapshot.BackendSets.ToDictionary(set => set.Id, StringComparer.Ordinal);
        var current = new HashSet<(string, AddressFamily)>();
        var planned = new List<(ForwardedService Service, Origin Origin)>(_origins.Length);
        foreach (var vip in snapshot.VirtualIps)
        {
            foreach (var address in vip.Addresses)
            {
                foreach (var port in vip.Ports)
                {
                    var key = (port.BackendSetId, address.Address.AddressFamily);
                    if (current.Add(key))
                    {
                        Refresh(sets[port.BackendSetId], key.AddressFamily, isHealthy, verdictsChanged, out _);
                    }

                    var origin = new Origin(vip, address.Address, port);
                    planned.Add((Forward(origin, _sets[key]), origin));
                }
            }
        }

        foreach (var gone in _sets.Keys.Where(key => !current.Contains(key)).ToArray())
        {
            _sets.Remove(gone);
        }

        planned.Sort(static (one, other) => ServiceOrder.Instance.Compare(one.Service, other.Service));
        _origins = [.. planned.Select(one => one.Origin)];
        _users.Clear();
        for (var position = 0; position < _origins.Length; position++)
        {
            var key = (_origins[position].Port.BackendSetId, _origins[position].Address.AddressFamily);
            if (!_users.TryGetValue(key, out var users))
            {
                _users[key] = users = [];
            }

            users.Add(position);
        }

        _state = new DataPlaneState
        {
            NodeName = nodeName,
            Services = [.. planned.Select(one => one.Service)],
            Peers = planned.Exists(one => one.Service.Direct is not null) ? PeerPlanner.Plan(snapshot.Nodes, nodeName) : [],
            Mtu = snapshot.Nodes.FirstOrDefault(node => node.Name == nodeName)?.Interfaces
                .Where(nic => nic.Up).Select(nic => nic.Mtu).DefaultIfEmpty(DefaultMtu).Min() ?? DefaultMtu,
        };
    }

    /// <returns>True when it is another plan than before.</returns>
    private bool Refresh(
        BackendSet set, AddressFamily family, Func<string, IPEndPoint, bool?> isHealthy, bool verdictsChanged, out PlannedSet planned)
    {
        if (_sets.TryGetValue((set.Id, family), out var before) && ReferenceEquals(before.Set, set) && !verdictsChanged)
        {
            planned = before;
            return false;
        }

        planned = PlannedSet.Of(set, family, nodeName, isHealthy);
        if (before is not null && planned.IsAs(before))
        {
            planned = before;
            return false;
        }

        _sets[(set.Id, family)] = planned;
        return true;
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

    private sealed record Origin(VirtualIpIntent Vip, IPAddress Address, PortIntent Port);
}
