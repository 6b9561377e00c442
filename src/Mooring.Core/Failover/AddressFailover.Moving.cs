using Mooring.Core.Snapshots;

namespace Mooring.Core.Failover;

// How the address is handed over, make before break.
internal sealed partial class AddressFailover
{
    /// <summary>Shutting down: the standbys are asked to take over while this node still answers.</summary>
    public void Stop(TimeSpan now)
    {
        if (Answers)
        {
            _handover.BeginStopping(Detect, now);
            Yield(now);
            if (_handover.Successor is null)
            {
                LetGo(AddressRole.Candidate, HolderChangeReason.Planned, now, tell: true);
            }
        }
    }

    private void FollowIntent(AddressIntent intent, TimeSpan now)
    {
        if (Candidates.IsEmpty)
        {
            LetGo(AddressRole.Candidate, HolderChangeReason.Removed, now, tell: false);
        }
        else if (!IsCandidate)
        {
            if (Role == AddressRole.Holder || _handover.Move is not null)
            {
                _handover.BeginLeaving(Detect, now);
                Yield(now);
            }
        }
        else if (intent.Move is { } move && _terms.Own.Term <= intent.Term && _handover.Accepts(move))
        {
            _handover.BeginMove(move, Detect, now);
            Yield(now);
        }
        else if (Role == AddressRole.Yielding && (_handover.Move is null || _handover.Move != intent.Move))
        {
            HoldOn(now);
        }
    }

    private void Yield(TimeSpan now)
    {
        Become(AddressRole.Yielding, now);
        _audience.TellAll();
        if (!Rules.MakeBeforeBreak)
        {
            LetGo(AddressRole.Candidate, HolderChangeReason.Planned, now, tell: true);
        }
    }

    private void GiveUpHandover(TimeSpan now)
    {
        if (_handover.Move is not { } move)
        {
            LetGo(AddressRole.Candidate, HolderChangeReason.Planned, now, tell: true);
            return;
        }

        _context.Actions.Add(new FailoverAction.MoveGivenUp(Address, move));
        HoldOn(now);
    }

    private void HoldOn(TimeSpan now)
    {
        _handover.End();
        Become(AddressRole.Holder, now);
        _audience.TellAll();
    }
}
