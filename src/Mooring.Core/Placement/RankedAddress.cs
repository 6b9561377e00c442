using System.Collections.Immutable;

namespace Mooring.Core.Placement;

/// <summary>An address on its way to being placed.</summary>
/// <param name="request">The address.</param>
/// <param name="class">Nodes that may hold it.</param>
/// <param name="best">The best of them, best first; all of them when they are few.</param>
internal sealed class RankedAddress(PlacementRequest request, AddressClass @class, RankedNode[] best)
{
    private RankedNode[] _best = best;

    public PlacementRequest Request { get; } = request;

    public AddressClass Class { get; } = @class;

    public RankedNode[] Best => _best;

    public RankedNode? Holder { get; set; }

    public RankedNode? FirstStandby { get; set; }

    public RankedNode? Find(string? node) => node is null ? null : Class.Find(Request.Address, node);

    /// <summary>All nodes, best first. The rest is ranked when someone gets there, which is when the best are all full.</summary>
    public IEnumerable<RankedNode> Ranked()
    {
        for (var i = 0; i < Class.Nodes.Count; i++)
        {
            if (i == _best.Length)
            {
                _best = Class.Rank(Request.Address, Class.Nodes.Count);
            }

            yield return _best[i];
        }
    }

    public AddressPlacement ToPlacement(int standbys)
    {
        string?[] chosen = [Holder?.Name, FirstStandby?.Name];
        var order = chosen.OfType<string>()
            .Concat(_best.Select(node => node.Name))
            .Distinct(StringComparer.Ordinal)
            .ToArray();
        var candidates = Math.Min(order.Length, 1 + Math.Max(0, standbys));
        return new AddressPlacement
        {
            Address = Request.Address,
            Candidates = [.. order[..candidates]],
            Spares = [.. order[candidates..].Take(AddressPlacement.MaxSpares)],
            Eligible = Class.Names,
            Failures = Class.Failures,
            Away = Class.Away,
            Rejected = Class.Rejected,
            IsLastResort = Class.IsLastResort,
            Requested = Holder is { } holder && holder.Name == Request.RequestedNode,
        };
    }
}
