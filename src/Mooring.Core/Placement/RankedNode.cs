namespace Mooring.Core.Placement;

/// <summary>An eligible node with what it is ranked by: connected, not failed lately, preferred, then by hash.</summary>
internal sealed record RankedNode(EligibleNode Eligible, double Score)
{
    public NodeFacts Node => Eligible.Node;

    public string Name => Node.Name;

    public int Weight => Eligible.Weight;

    /// <summary>Nodes of one tier are equals but for the hash and their load.</summary>
    public bool SameTier(RankedNode other) => EligibleNode.CompareTiers(Eligible, other.Eligible) == 0;
}
