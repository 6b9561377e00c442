namespace Mooring.Core.Placement;

/// <summary>Addresses given to each node so far.</summary>
internal sealed class NodeLoad
{
    private readonly Dictionary<string, int> _counts;

    public NodeLoad() => _counts = new Dictionary<string, int>(StringComparer.Ordinal);

    /// <summary>The same load as the other's, without what one node has.</summary>
    public NodeLoad(NodeLoad other, string without)
    {
        _counts = new Dictionary<string, int>(other._counts, StringComparer.Ordinal);
        _counts.Remove(without);
    }

    public void Add(string node) => _counts[node] = Of(node) + 1;

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

    public int Of(string node) => _counts.GetValueOrDefault(node);
}
