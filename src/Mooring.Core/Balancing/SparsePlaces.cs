using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Balancing;

/// <summary>
/// Leads the slots of a sparse table from one snapshot to the next: an endpoint keeps its slot for as long as the set names it, fit
/// or not, so that no other one moves when it goes or comes.
/// </summary>
public static class SparsePlaces
{
    /// <param name="before">In force, or null.</param>
    /// <param name="family">Of the endpoints that count.</param>
    /// <param name="all">All endpoints of the set.</param>
    /// <returns>
    /// <paramref name="before"/> itself when nothing changes; null without endpoints, or where a table of one slot each does not do.
    /// </returns>
    public static SparseAssignment? Advance(SparseAssignment? before, AddressFamily family, ImmutableArray<Backend> all)
    {
        ImmutableArray<ForwardedBackend> backends =
        [
            .. all.Where(backend => backend.Address.AddressFamily == family && backend.Weight > 0)
                .Select(backend => new ForwardedBackend(backend.Address, backend.Port, backend.Weight, Local: false))
                .Order(BackendOrder.Instance),
        ];
        if (!SparseTable.Fits(backends))
        {
            return null;
        }

        ImmutableArray<IPEndPoint> endPoints = [.. backends.Select(backend => new IPEndPoint(backend.Address, backend.Port))];
        if (before is not null && endPoints.SequenceEqual(before.EndPoints))
        {
            return before;
        }

        var kept = before is not null && SparseTable.Serves(before.Size, backends.Length) ? before : null;
        var size = kept?.Size ?? SparseTable.SizeFor(backends.Length);
        var places = SparseTable.Place(backends, kept is null ? [] : Of(kept, backends), size);
        return new SparseAssignment { Family = family, Size = size, EndPoints = endPoints, Places = [.. places.Select(place => (ushort)place)] };
    }

    /// <summary>A table that begins with the same endpoints is the same.</summary>
    public static bool FollowFromEndpoints(SparseAssignment slots, ImmutableArray<Backend> all) =>
        Advance(null, slots.Family, all) is { } fresh && fresh.Size == slots.Size && fresh.Places.SequenceEqual(slots.Places);

    /// <summary>Endpoints that have a slot, of a set in order.</summary>
    public static ImmutableArray<IPEndPoint> EndPoints(ImmutableArray<Backend> all, AddressFamily family)
    {
        var result = ImmutableArray.CreateBuilder<IPEndPoint>(all.Length);
        foreach (var backend in all)
        {
            if (backend.Address.AddressFamily == family && backend.Weight > 0)
            {
                result.Add(backend.EndPoint);
            }
        }

        return result.DrainToImmutable();
    }

    /// <summary>The slot of each of some backends in their order, -1 for one that has none.</summary>
    public static int[] Of(SparseAssignment slots, ImmutableArray<ForwardedBackend> backends)
    {
        var places = new int[backends.Length];
        var at = 0;
        for (var i = 0; i < places.Length; i++)
        {
            int order;
            while ((order = at < slots.EndPoints.Length ? Compare(slots.EndPoints[at], backends[i]) : 1) < 0)
            {
                at++;
            }

            places[i] = order == 0 ? slots.Places[at] : -1;
        }

        return places;
    }

    private static int Compare(IPEndPoint endPoint, ForwardedBackend backend) =>
        BackendOrder.Compare(endPoint.Address, backend.Address) is var byAddress and not 0 ? byAddress : endPoint.Port.CompareTo(backend.Port);
}
