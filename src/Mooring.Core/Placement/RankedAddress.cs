using System.Collections.Immutable;

namespace Mooring.Core.Placement;

/// <summary>An address on its way to being placed.</summary>
internal sealed class RankedAddress(
    PlacementRequest request, List<RankedNode> eligible, ImmutableArray<RejectedNode> rejected)
{
    public PlacementRequest Request { get; } = request;

    public List<RankedNode> Eligible { get; } = eligible;

    public RankedNode? Holder { get; set; }

    public RankedNode? FirstStandby { get; set; }

    public AddressPlacement ToPlacement(int standbys)
    {
        string?[] chosen = [Holder?.Name, FirstStandby?.Name];
        var order = chosen.OfType<string>()
            .Concat(Eligible.Select(node => node.Name))
            .Distinct(StringComparer.Ordinal)
            .ToArray();
        var candidates = Math.Min(order.Length, 1 + Math.Max(0, standbys));
        return new AddressPlacement
        {
            Address = Request.Address,
            Candidates = [.. order[..candidates]],
            Spares = [.. order[candidates..]],
            Failures = Eligible.Where(node => node.Node.RecentFailure is not null)
                .ToImmutableDictionary(node => node.Name, node => node.Node.RecentFailure!, StringComparer.Ordinal),
            Away = Eligible.Where(node => node.Node.Agent == AgentPresence.Expected)
                .Select(node => node.Name)
                .ToImmutableHashSet(StringComparer.Ordinal),
            Rejected = rejected,
            Requested = Holder is { } holder && holder.Name == Request.RequestedNode,
        };
    }
}
