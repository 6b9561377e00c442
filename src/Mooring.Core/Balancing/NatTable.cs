using System.Collections.Immutable;
using System.Net;
using Mooring.Core.DataPlane;

namespace Mooring.Core.Balancing;

/// <summary>
/// The slots of a service in Nat mode: what the controller published, without the endpoints that this node finds unfit. Nodes of
/// one snapshot and one set of verdicts have the same.
/// </summary>
/// <param name="Slots">Indices of the service's backends.</param>
/// <param name="Sparse">As <see cref="SparseTable"/> has it.</param>
public readonly record struct NatTable(SlotTable Slots, bool Sparse)
{
    /// <param name="service">With at least one backend.</param>
    public static NatTable Of(ForwardedService service)
    {
        var backends = service.Backends;
        if (backends.Length == 1)
        {
            return new NatTable(new SlotTable([0]), Sparse: false);
        }

        if (Published(service) is { } published)
        {
            return published;
        }

        return SparseTable.Fits(backends) && !service.GoesByLoad
            ? new NatTable(SparseTable.Build(backends), Sparse: true)
            : new NatTable(MaglevTable.Build(backends, SlotTableSize.For(backends.Length)), Sparse: false);
    }

    /// <summary>Null when the controller published none, or one too large for the few endpoints that are left.</summary>
    private static NatTable? Published(ForwardedService service)
    {
        var backends = service.Backends;
        if (service.Slots is { } full)
        {
            var nodes = full.Members.DistinctBy(member => member.EndPoint).ToDictionary(member => member.EndPoint, member => member.Node);
            var owners = SlotGenerations.Owners(
                full, backends, i => nodes.GetValueOrDefault(new(backends[i].Address, backends[i].Port)), full.Size);
            return new NatTable(new SlotTable([.. owners]), Sparse: false);
        }

        if (service.Sparse is { } sparse && !SparseTable.IsTooEmpty(sparse.Size, backends.Length))
        {
            var places = SparsePlaces.Of(sparse, backends);
            if (Array.TrueForAll(places, place => place >= 0))
            {
                return new NatTable(SparseTable.Build(backends, places, sparse.Size), Sparse: true);
            }
        }

        return null;
    }
}
