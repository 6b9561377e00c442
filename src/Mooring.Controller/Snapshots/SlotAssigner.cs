using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Mooring.Controller.Reporting;
using Mooring.Core.Balancing;
using Mooring.Core.Health;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Snapshots;

/// <summary>
/// Gives the backend sets of VirtualIps in Direct mode their slots, one table that every node uses. The same without what
/// it remembers: a set whose endpoints and verdicts are as they were keeps its slots without another look.
/// </summary>
internal sealed class SlotAssigner
{
    private readonly Reuse<string, Assigned> _assigned = new(StringComparer.Ordinal);

    /// <param name="snapshot">What is to be published.</param>
    /// <param name="states">What the agents' checks say of the endpoints.</param>
    /// <param name="before">Slots in force by id of the backend set.</param>
    /// <param name="generation">Number of a generation that begins now.</param>
    public ClusterSnapshot Assign(
        ClusterSnapshot snapshot,
        EndpointStates states,
        IReadOnlyDictionary<string, ImmutableArray<SlotAssignment>> before,
        ulong generation)
    {
        var direct = snapshot.VirtualIps
            .Where(vip => vip.Forwarding == ForwardingMode.Direct)
            .SelectMany(vip => vip.Ports)
            .Select(port => port.BackendSetId)
            .ToHashSet(StringComparer.Ordinal);
        if (direct.Count == 0)
        {
            return snapshot;
        }

        var sets = snapshot.BackendSets.Select(set => direct.Contains(set.Id)
            ? _assigned.Keep(set.Id, Assign(set, states, before.GetValueOrDefault(set.Id, []), generation)).Result
            : set);
        snapshot = snapshot with { BackendSets = [.. sets] };
        _assigned.Turn();
        return snapshot;
    }

    private Assigned Assign(
        BackendSet set, EndpointStates states, ImmutableArray<SlotAssignment> before, ulong generation)
    {
        ImmutableArray<object> sources = [.. states.Sources(set.Id)];
        if (_assigned.TryGetLast(set.Id, out var last) && last.Set == set && last.Result.Slots == before
            && last.Sources.SequenceEqual(sources, ReferenceEqualityComparer.Instance))
        {
            return last;
        }

        // By the same policies as the agents: backups, and checks that are not believed.
        var isHealthy = PoolPolicy.Apply(set, (id, endPoint) => Judge(states, id, endPoint));
        return new Assigned(set, sources, set with { Slots = Next(set, isHealthy, before, generation) });
    }

    private static ImmutableArray<SlotAssignment> Next(
        BackendSet set, Func<string, IPEndPoint, bool?> isHealthy, ImmutableArray<SlotAssignment> before, ulong generation)
    {
        return
        [
            .. ((AddressFamily[])[AddressFamily.InterNetwork, AddressFamily.InterNetworkV6])
                .Select(family => SlotGenerations.Advance(
                    before.FirstOrDefault(slots => slots.Family == family),
                    family,
                    set.Backends,
                    backend => backend.Condition == BackendCondition.Ready && isHealthy(set.Id, backend.EndPoint) != false,
                    generation))
                .OfType<SlotAssignment>(),
        ];
    }

    private static bool? Judge(EndpointStates states, string setId, IPEndPoint endPoint)
    {
        var backend = new Backend { Address = endPoint.Address, Port = (ushort)endPoint.Port, Condition = BackendCondition.Ready };
        return states.Of(setId, backend).State == EndpointState.Unhealthy ? false : null;
    }

    private sealed record Assigned(BackendSet Set, ImmutableArray<object> Sources, BackendSet Result);
}
