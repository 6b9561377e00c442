using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Mooring.Controller.Agents;
using Mooring.Controller.Reporting;
using Mooring.Core.Balancing;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Snapshots;

/// <summary>
/// Keeps the weights of the backend sets that are weighted by load, family by family. They are published as the weights of
/// the backends, so every node goes by the same ones, in every mode, with or without the controller.
/// </summary>
internal sealed class LoadWeigher
{
    /// <summary>Agents tell loads as often.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private Dictionary<(string SetId, AddressFamily Family), LoadWeights> _weights = [];
    private ImmutableDictionary<string, ImmutableDictionary<IPEndPoint, int>> _adopted =
        ImmutableDictionary<string, ImmutableDictionary<IPEndPoint, int>>.Empty;

    /// <summary>Sets as their pools have them, of the last call of <see cref="Apply"/>.</summary>
    private ImmutableArray<BackendSet> _sets = [];
    private ClusterSnapshot _snapshot = ClusterSnapshot.Empty;
    private EndpointStates? _states;
    private TimeSpan _steppedAt;

    /// <summary>When <see cref="Step"/> is to be called next; null when nothing is weighted by load.</summary>
    public TimeSpan? NextStep => _sets.IsEmpty ? null : _steppedAt + Interval;

    /// <summary>Begins anew with weights that agents worked by.</summary>
    public void Begin(ImmutableDictionary<string, ImmutableDictionary<IPEndPoint, int>> adopted, TimeSpan now)
    {
        _adopted = adopted;
        _weights = [];
        _sets = [];
        _steppedAt = now;
    }

    /// <summary>The snapshot with the weights in force.</summary>
    public ClusterSnapshot Apply(ClusterSnapshot snapshot, EndpointStates states)
    {
        (_snapshot, _states) = (snapshot, states);
        _sets = [.. snapshot.BackendSets.Where(set => set.GoesByLoad)];
        var before = _weights;
        _weights = [];
        foreach (var set in _sets)
        {
            foreach (var (family, backends) in Families(set))
            {
                _weights[(set.Id, family)] = before.GetValueOrDefault((set.Id, family)) ?? Adopt(set.Id, backends);
            }
        }

        _adopted = _adopted.Clear();
        return _sets.IsEmpty
            ? snapshot
            : snapshot with
            {
                BackendSets = [.. snapshot.BackendSets.Select(set => set.GoesByLoad ? Weigh(set) : set)],
            };
    }

    /// <summary>Goes one step after the loads.</summary>
    /// <param name="view">With the loads.</param>
    /// <param name="published">The snapshot in force.</param>
    /// <returns>True when a weight changed.</returns>
    public bool Step(AgentsView view, ClusterSnapshot? published, TimeSpan now)
    {
        var elapsed = now - _steppedAt;
        _steppedAt = now;
        if (published is null || _states is null || view.Loads.IsEmpty)
        {
            return false;
        }

        var loads = new EndpointLoads(_snapshot, view);
        var sizes = published.BackendSets.ToDictionary(set => set.Id, StringComparer.Ordinal);
        var changed = false;
        foreach (var set in _sets)
        {
            foreach (var (family, backends) in Families(set))
            {
                ImmutableArray<WeighedEndpoint> endpoints =
                [
                    .. backends.Where(backend => backend.Weight > 0 && _states.Of(set.Id, backend).State == EndpointState.Ready)
                        .Select(backend => new WeighedEndpoint(Forwarded(backend), loads.Of(set, backend))),
                ];
                if (endpoints.Length < 2)
                {
                    continue;
                }

                var before = _weights[(set.Id, family)];
                var size = sizes.GetValueOrDefault(set.Id)?.SlotsOf(family)?.Size ?? SlotTableSize.For(endpoints.Length);
                var next = before.Next(set.Algorithm, endpoints, size, elapsed);
                _weights[(set.Id, family)] = next;
                changed |= !ReferenceEquals(before.Factors, next.Factors);
            }
        }

        return changed;
    }

    private LoadWeights Adopt(string setId, Backend[] backends) => _adopted.TryGetValue(setId, out var known)
        ? LoadWeights.Adopt([.. backends.Select(Forwarded)], [.. backends.Select(backend => known.GetValueOrDefault(backend.EndPoint))])
        : LoadWeights.None;

    private BackendSet Weigh(BackendSet set)
    {
        var weights = new Dictionary<IPEndPoint, int>();
        foreach (var (family, backends) in Families(set))
        {
            var published = _weights[(set.Id, family)].Weigh([.. backends.Select(Forwarded)]);
            for (var i = 0; i < backends.Length; i++)
            {
                weights[backends[i].EndPoint] = published[i];
            }
        }

        return set with { Backends = [.. set.Backends.Select(backend => backend with { Weight = weights[backend.EndPoint] })] };
    }

    private static IEnumerable<(AddressFamily Family, Backend[] Backends)> Families(BackendSet set) =>
        set.Backends.GroupBy(backend => backend.Address.AddressFamily)
            .Select(family => (family.Key, family.OrderBy(Forwarded, BackendOrder.Instance).ToArray()));

    private static ForwardedBackend Forwarded(Backend backend) =>
        new(backend.Address, backend.Port, backend.Weight, Local: false);
}
