namespace Mooring.Core.Failover;

/// <summary>What makes one claim better than another: term, then rank, then name. All nodes judge alike.</summary>
internal readonly record struct ClaimId(ulong Term, byte Rank, string Node)
{
    public const byte NoRank = byte.MaxValue;

    public bool Beats(ClaimId other, FailoverRules rules)
    {
        if (Term != other.Term && rules.TermDecides)
        {
            return Term > other.Term;
        }

        return Rank != other.Rank ? Rank < other.Rank : string.CompareOrdinal(Node, other.Node) < 0;
    }
}
