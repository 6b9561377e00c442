using System.Collections.Immutable;
using System.Net.Sockets;
using Mooring.Controller.Reporting;
using Mooring.Core.Balancing;
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
        return direct.Count == 0 ? snapshot : snapshot with
        {
            BackendSets =
            [
                .. snapshot.BackendSets.Select(set => direct.Contains(set.Id)
                    ? set with { Slots = Next(set, states, before.GetValueOrDefault(set.Id, []), generation) }
                    : set),
            ],
        };
    }

    private static ImmutableArray<SlotAssignment> Next(
        BackendSet set, EndpointStates states, ImmutableArray<SlotAssignment> before, ulong generation)
    {
        return
        [
            .. ((AddressFamily[])[AddressFamily.InterNetwork, AddressFamily.InterNetworkV6])
                .Select(family => SlotGenerations.Advance(
                    before.FirstOrDefault(slots => slots.Family == family),
                    family,
                    set.Backends,
                    backend => states.Of(set.Id, backend).State == EndpointState.Ready,
                    generation))
                .OfType<SlotAssignment>(),
        ];
    }
}
