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
        var backends = Backends(all, family);
        if (!SparseTable.Fits(backends))
        {
            return null;
        }

        var endPoints = EndPoints(all, family);
        if (before is not null && endPoints.SequenceEqual(before.EndPoints))
        {
            return before;
        }

        var kept = before is not null && SparseTable.Serves(before.Size, backends.Length) ? before : null;
        var size = kept?.Size ?? SparseTable.SizeFor(backends.Length);
        var places = SparseTable.Place(backends, kept is null ? [] : Of(kept, endPoints), size);
        return new SparseAssignment { Family = family, Size = size, EndPoints = endPoints, Places = [.. places.Select(place => (ushort)place)] };
    }

    /// <summary>A table that begins with the same endpoints is the same.</summary>
    public static bool FollowFromEndpoints(SparseAssignment slots, ImmutableArray<Backend> all) =>
        Advance(null, slots.Family, all) is { } fresh && fresh.Size == slots.Size && fresh.Places.SequenceEqual(slots.Places);

    /// <summary>Endpoints that have a slot, in their order.</summary>
    public static ImmutableArray<IPEndPoint> EndPoints(ImmutableArray<Backend> all, AddressFamily family) =>
        [.. Backends(all, family).Select(backend => new IPEndPoint(backend.Address, backend.Port))];

    /// <summary>The slot of each of some endpoints, -1 for one that has none.</summary>
    public static int[] Of(SparseAssignment slots, ImmutableArray<IPEndPoint> endPoints)
    {
        var places = new Dictionary<IPEndPoint, int>(slots.EndPoints.Length);
        for (var i = 0; i < slots.EndPoints.Length; i++)
        {
            places[slots.EndPoints[i]] = slots.Places[i];
        }

        return [.. endPoints.Select(endPoint => places.GetValueOrDefault(endPoint, -1))];
    }

    private static ImmutableArray<ForwardedBackend> Backends(ImmutableArray<Backend> all, AddressFamily family) =>
    [
        .. all.Where(backend => backend.Address.AddressFamily == family && backend.Weight > 0)
            .Select(backend => new ForwardedBackend(backend.Address, backend.Port, backend.Weight, Local: false))
            .Order(BackendOrder.Instance),
    ];
}
