using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Mooring.Controller.Reporting;
using Mooring.Core.Balancing;
using Mooring.Core.Health;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Snapshots;

/// <summary>
/// Gives the backend sets their slots, the same for every node. Each table follows from the one in force: a set whose endpoints and
/// verdicts are as they were keeps its slots without another look.
/// </summary>
/// <param name="adopted">Slots that agents worked by, by id of the backend set.</param>
internal sealed class SlotAssigner(ImmutableDictionary<string, SetSlots> adopted)
{
    private static readonly AddressFamily[] Families = [AddressFamily.InterNetwork, AddressFamily.InterNetworkV6];

    private readonly Reuse<string, Assigned> _assigned = new(StringComparer.Ordinal);
    private ImmutableDictionary<string, SetSlots> _adopted = adopted;

    /// <param name="snapshot">What is to be published.</param>
    /// <param name="states">What the agents' checks say of the endpoints.</param>
    /// <param name="generation">Number of a generation that begins now.</param>
    public ClusterSnapshot Assign(ClusterSnapshot snapshot, EndpointStates states, ulong generation)
    {
        var (direct, nat) = (Used(snapshot, ForwardingMode.Direct), Used(snapshot, ForwardingMode.Nat));
        var sets = snapshot.BackendSets.Select(set =>
            _assigned.Keep(set.Id, Assign(set, direct.Contains(set.Id), nat.Contains(set.Id) && !set.Rotates, states, generation)).Result);
        snapshot = snapshot with { BackendSets = [.. sets] };
        _assigned.Turn();
        _adopted = _adopted.Clear();
        return snapshot;
    }

    private static HashSet<string> Used(ClusterSnapshot snapshot, ForwardingMode mode) => snapshot.VirtualIps
        .Where(vip => vip.Forwarding == mode)
        .SelectMany(vip => vip.Ports)
        .Select(port => port.BackendSetId)
        .ToHashSet(StringComparer.Ordinal);

    private Assigned Assign(BackendSet set, bool direct, bool nat, EndpointStates states, ulong generation)
    {
        ImmutableArray<object> sources = direct ? [.. states.Sources(set.Id)] : [];
        _assigned.TryGetLast(set.Id, out var last);
        if (last is not null && last.Set == set && last.Direct == direct && last.Nat == nat
            && last.Sources.SequenceEqual(sources, ReferenceEqualityComparer.Instance))
        {
            return last;
        }

        var before = last is not null ? new SetSlots(last.Result.Slots, last.Result.Sparse) : _adopted.GetValueOrDefault(set.Id, SetSlots.None);
        var slots = direct ? Direct(set, states, before, generation) : nat ? Nat(set, before, generation) : SetSlots.None;
        return new Assigned(set, direct, nat, sources, slots == SetSlots.None ? set : set with { Slots = slots.Full, Sparse = slots.Sparse });
    }

    private static SetSlots Direct(BackendSet set, EndpointStates states, SetSlots before, ulong generation)
    {
        // By the same policies as the agents: backups, and checks that are not believed.
        var isHealthy = PoolPolicy.Apply(set, (id, endPoint) => Judge(states, id, endPoint));
        return new SetSlots(
            [
                .. Families.Select(family => Full(
                    set,
                    family,
                    before,
                    backend => backend.Condition == BackendCondition.Ready && isHealthy(set.Id, backend.EndPoint) != false,
                    generation)).OfType<SlotAssignment>(),
            ],
            []);
    }

    /// <summary>
    /// Of all endpoints: each node leaves out those that it finds unfit. There is no history, as the holder tracks its flows. What has
    /// been a full table stays one when the weights become the same, as nearly every flow would move otherwise.
    /// </summary>
    private static SetSlots Nat(BackendSet set, SetSlots before, ulong generation)
    {
        var full = new List<SlotAssignment>();
        var sparse = new List<SparseAssignment>();
        foreach (var family in Families)
        {
            if (!set.GoesByLoad && !before.Full.Any(slots => slots.Family == family)
                && SparsePlaces.Advance(before.Sparse.FirstOrDefault(slots => slots.Family == family), family, set.Backends) is { } places)
            {
                sparse.Add(places);
            }
            else if (Full(set, family, before, _ => true, generation) is { } slots)
            {
                full.Add(slots with { PreviousNodes = [], Previous = [] });
            }
        }

        return new SetSlots([.. full], [.. sparse]);
    }

    private static SlotAssignment? Full(
        BackendSet set, AddressFamily family, SetSlots before, Func<Backend, bool> fit, ulong generation) =>
        SlotGenerations.Advance(before.Full.FirstOrDefault(slots => slots.Family == family), family, set.Backends, fit, generation);

    private static bool? Judge(EndpointStates states, string setId, IPEndPoint endPoint)
    {
        var backend = new Backend { Address = endPoint.Address, Port = (ushort)endPoint.Port, Condition = BackendCondition.Ready };
        return states.Of(setId, backend).State == EndpointState.Unhealthy ? false : null;
    }

    private sealed record Assigned(BackendSet Set, bool Direct, bool Nat, ImmutableArray<object> Sources, BackendSet Result);
}
