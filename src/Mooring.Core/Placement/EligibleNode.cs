using System.Text;

namespace Mooring.Core.Placement;

/// <summary>A node that may hold the addresses of a class.</summary>
internal sealed class EligibleNode(NodeFacts node, int preference)
{
    public NodeFacts Node { get; } = node;

    public int Preference { get; } = preference;

    public int Weight { get; } = Math.Max(1, node.Weight);

    public byte[] NameBytes { get; } = Encoding.UTF8.GetBytes(node.Name);

    private bool Steady => Node.RecentFailure is null;

    /// <summary>Better tiers first.</summary>
    public static int CompareTiers(EligibleNode left, EligibleNode right)
    {
        var order = right.Node.Agent.CompareTo(left.Node.Agent);
        order = order != 0 ? order : right.Steady.CompareTo(left.Steady);
        return order != 0 ? order : right.Preference.CompareTo(left.Preference);
    }
}
