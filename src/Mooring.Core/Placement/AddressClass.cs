using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Net;

namespace Mooring.Core.Placement;

/// <summary>Which nodes may hold an address, for all addresses that differ in nothing the checks look at.</summary>
internal sealed class AddressClass
{
    private readonly EligibleNode[] _nodes;
    private readonly Dictionary<string, EligibleNode> _byName;
    private readonly bool _oneWeight;

    public AddressClass(IEnumerable<EligibleNode> eligible, ImmutableArray<RejectedNode> rejected)
    {
        Rejected = rejected;
        _nodes = [.. eligible];
        Array.Sort(_nodes, static (left, right) => EligibleNode.CompareTiers(left, right) is var order and not 0
            ? order : string.CompareOrdinal(left.Node.Name, right.Node.Name));
        _byName = _nodes.ToDictionary(node => node.Node.Name, StringComparer.Ordinal);
        _oneWeight = _nodes.Length == 0 || _nodes.All(node => node.Weight == _nodes[0].Weight);
        Weight = _nodes.Sum(node => node.Weight);
        Names = _byName.Keys.ToFrozenSet(StringComparer.Ordinal);
        Failures = _nodes.Where(node => node.Node.RecentFailure is not null)
            .ToImmutableDictionary(node => node.Node.Name, node => node.Node.RecentFailure!, StringComparer.Ordinal);
        Away = _nodes.Where(node => node.Node.Agent == AgentPresence.Expected)
            .Select(node => node.Node.Name)
            .ToImmutableHashSet(StringComparer.Ordinal);
    }

    /// <summary>None of the nodes can forward, and no other may hold the address.</summary>
    public bool IsLastResort { get; init; }

    public IReadOnlyList<EligibleNode> Nodes => _nodes;

    /// <summary>Of all nodes together.</summary>
    public int Weight { get; }

    public IReadOnlySet<string> Names { get; }

    public ImmutableArray<RejectedNode> Rejected { get; }

    public ImmutableDictionary<string, NodeFailure> Failures { get; }

    public ImmutableHashSet<string> Away { get; }

    public RankedNode? Find(IPAddress address, string node) =>
        _byName.TryGetValue(node, out var eligible)
            ? new RankedNode(eligible, RendezvousHash.Score(
                RendezvousHash.Hash(RendezvousHash.Seed(address), eligible.NameBytes), eligible.Weight))
            : null;

    /// <summary>The best nodes for an address, best first. Of thousands of nodes a few are looked for: the others are not sorted.</summary>
    public RankedNode[] Rank(IPAddress address, int count)
    {
        var seed = RendezvousHash.Seed(address);
        var best = new List<RankedNode>(Math.Min(count, _nodes.Length));
        for (var start = 0; start < _nodes.Length && best.Count < count;)
        {
            var end = start + 1;
            while (end < _nodes.Length && EligibleNode.CompareTiers(_nodes[start], _nodes[end]) == 0)
            {
                end++;
            }

            RankTier(_nodes.AsSpan(start, end - start), seed, count - best.Count, best);
            start = end;
        }

        return [.. best];
    }

    private void RankTier(ReadOnlySpan<EligibleNode> tier, ulong seed, int count, List<RankedNode> best)
    {
        count = Math.Min(count, tier.Length);
        var chosen = new (double Rank, double Score, int Index)[count];
        var filled = 0;
        for (var i = 0; i < tier.Length; i++)
        {
            var hash = RendezvousHash.Hash(seed, tier[i].NameBytes);
            var rank = _oneWeight ? hash : RendezvousHash.Score(hash, tier[i].Weight);

            // Of equals the first by name, which came first.
            if (filled == count && rank <= chosen[^1].Rank)
            {
                continue;
            }

            var at = filled < count ? filled++ : count - 1;
            for (; at > 0 && chosen[at - 1].Rank < rank; at--)
            {
                chosen[at] = chosen[at - 1];
            }

            chosen[at] = (rank, RendezvousHash.Score(hash, tier[i].Weight), i);
        }

        foreach (var (_, score, index) in chosen)
        {
            best.Add(new RankedNode(tier[index], score));
        }
    }
}
