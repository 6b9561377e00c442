namespace Mooring.Core.Placement;

/// <summary>Addresses given to each node so far.</summary>
internal sealed class NodeLoad
{
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);
    private readonly NodeLoad? _basis;
    private readonly string? _without;

    public NodeLoad()
    {
    }

    /// <summary>Adds to the other's load, but for what one node has there; the other is not changed meanwhile.</summary>
    public NodeLoad(NodeLoad basis, string without) => (_basis, _without) = (basis, without);

    public void Add(string node) => _counts[node] = _counts.GetValueOrDefault(node) + 1;

    /// <summary>
    /// The first node of the best tier that has room; when all of that tier are full, the one filled least for its
    /// weight: a preference is worth more than an even spread.
    /// </summary>
    public RankedNode? Choose(IEnumerable<RankedNode> ranked, Func<RankedNode, bool> hasRoom)
    {
        RankedNode? first = null;
        RankedNode? least = null;
        foreach (var node in ranked)
        {
            first ??= node;
            if (!node.SameTier(first))
            {
                break;
            }

            if (hasRoom(node))
            {
                return node;
            }

            if (least is null || (long)Of(node.Name) * least.Weight < (long)Of(least.Name) * node.Weight)
            {
                least = node;
            }
        }

        return least;
    }

    public int Of(string node) =>
        _counts.GetValueOrDefault(node) + (_basis is null || node == _without ? 0 : _basis.Of(node));
}
