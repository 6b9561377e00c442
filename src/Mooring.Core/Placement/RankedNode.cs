namespace Mooring.Core.Placement;

/// <summary>An eligible node with what it is ranked by: connected, not failed lately, preferred, then by hash.</summary>
internal sealed record RankedNode(NodeFacts Node, int Preference, double Score)
{
    public string Name => Node.Name;

    public int Weight => Math.Max(1, Node.Weight);

    private bool Steady => Node.RecentFailure is null;

    /// <summary>Nodes of one tier are equals but for the hash and their load.</summary>
    public bool SameTier(RankedNode other) =>
        Node.Agent == other.Node.Agent && Steady == other.Steady && Preference == other.Preference;

    /// <summary>Best first.</summary>
    public static int Compare(RankedNode left, RankedNode right)
    {
        var order = right.Node.Agent.CompareTo(left.Node.Agent);
        order = order != 0 ? order : right.Steady.CompareTo(left.Steady);
        order = order != 0 ? order : right.Preference.CompareTo(left.Preference);
        order = order != 0 ? order : right.Score.CompareTo(left.Score);
        return order != 0 ? order : string.CompareOrdinal(left.Name, right.Name);
    }
}
