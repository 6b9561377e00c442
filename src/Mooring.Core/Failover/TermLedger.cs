using System.Net;

namespace Mooring.Core.Failover;

/// <summary>The claims and terms of one address as one node knows them. Terms only grow.</summary>
internal sealed class TermLedger(FailoverContext context, IPAddress address, ulong persisted)
{
    /// <summary>Terms made durable ahead of need, so that a takeover does not wait for the disk.</summary>
    private const ulong Reserve = 8;

    /// <summary>No term up to this one is claimed, as an earlier process or another node may have used it.</summary>
    private ulong _floor = context.Rules.TermsOutliveRestarts ? persisted : 0;

    /// <summary>Highest term that was asked to be made durable.</summary>
    private ulong _reserved = persisted;

    /// <summary>The claim this node goes by, its own included: the best one, as long as its maker is heard.</summary>
    public ClaimId? Best { get; private set; }

    /// <summary>The last claim made by this process.</summary>
    public ClaimId Own { get; private set; }

    /// <summary>Highest term seen by this process, whether its maker lives or not.</summary>
    public ulong Seen { get; private set; }

    public void RaiseFloor(ulong term)
    {
        _floor = context.Rules.TermsOutliveRestarts ? Math.Max(_floor, term) : 0;
        KeepReserve();
    }

    public void Learn(ClaimId claim)
    {
        Best = claim;
        Seen = Math.Max(Seen, claim.Term);
        KeepReserve();
    }

    public void ClaimNext(byte rank)
    {
        Own = new ClaimId(Math.Max(Seen, _floor) + 1, rank, context.Self);
        Learn(Own);
    }

    private void KeepReserve()
    {
        var next = Math.Max(Seen, _floor) + 1;
        if (next > _reserved)
        {
            _reserved = next - 1 + Reserve;
            context.Actions.Add(new FailoverAction.PersistTerm(address, _reserved));
        }
    }
}
