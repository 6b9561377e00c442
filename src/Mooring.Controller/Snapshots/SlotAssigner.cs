using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Mooring.Controller.Reporting;
using Mooring.Core.Balancing;
using Mooring.Core.Health;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Snapshots;

/// <summary>Gives the backend sets of VirtualIps in Direct mode their slots, one table that every node uses. Pure.</summary>
internal static class SlotAssigner
{
    /// <param name="snapshot">What is to be published.</param>
    /// <param name="states">What the agents' checks say of the endpoints.</param>
    /// <param name="before">Slots in force by id of the backend set.</param>
    /// <param name="generation">Number of a generation that begins now.</param>
    public static ClusterSnapshot Assign(
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

        // By the same policies as the agents: backups, and checks that are not believed.
        var isHealthy = PoolPolicy.Apply(snapshot, (id, endPoint) => Judge(states, id, endPoint));
        return snapshot with
        {
            BackendSets =
            [
                .. snapshot.BackendSets.Select(set => direct.Contains(set.Id)
                    ? set with { Slots = Next(set, isHealthy, before.GetValueOrDefault(set.Id, []), generation) }
                    : set),
            ],
        };
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
}
