using System.Net.NetworkInformation;

namespace Mooring.Core.Failover;

// What the address makes of the claims of others.
internal sealed partial class AddressFailover
{
    public void SeenOnWire(string? node, PhysicalAddress mac, TimeSpan now)
    {
        if (Role == AddressRole.Holder)
        {
            if (node is not null)
            {
                // It may work from a snapshot in which it has nobody to send heartbeats to.
                _audience.Remember(node);
                _context.SendSoon(node);
            }

            _conflicts.SeenOnWire(node, mac, Deadline, now);
        }
    }

    /// <summary>The sender started anew, so it no longer answers for what it held.</summary>
    public void PeerRestarted(string sender, TimeSpan now)
    {
        if (Rules.RestartVacates && !Answers && !_clock.Vacated && _terms.Best is { } best && best.Node == sender)
        {
            _lastHeard = now;
            Vacate(HolderChangeReason.HolderRestarted, now);
        }
    }

    public void ClaimHeard(string sender, AddressClaim claim, ulong sequence, TimeSpan now)
    {
        var id = new ClaimId(claim.Term, claim.Rank, sender);
        if (id == _terms.Best && sequence < _lastSequence)
        {
            return;
        }

        if (Answers)
        {
            ClaimHeardWhileAnswering(id, claim.Kind, now);
        }
        else if (_terms.Best is not { } best || !best.Beats(id, Rules)
            || (claim.Kind != ClaimKind.Released && IsGone(best, now)))
        {
            ClaimHeardWhileWaiting(id, claim.Kind, now);
        }
        else if (claim.Kind == ClaimKind.Holder && !_clock.Invited)
        {
            // Somebody answers, whether or not the better claim still stands: a node that was paused reads old ones.
            _clock.Restart(now);
        }

        _lastSequence = id == _terms.Best ? sequence : _lastSequence;
    }

    /// <summary>
    /// Whoever made the claim does not answer any more, so that a worse one that is alive counts again: a node that comes
    /// back after a split, its own better claim long given up, leaves the address where it is.
    /// </summary>
    private bool IsGone(ClaimId best, TimeSpan now) =>
        best.Node == _context.Self || _clock.Vacated || _lastHeard is not { } heard || now - heard >= Detect;

    private void ClaimHeardWhileAnswering(ClaimId id, ClaimKind kind, TimeSpan now)
    {
        if (!id.Beats(_terms.Own, Rules))
        {
            if (kind != ClaimKind.Released)
            {
                // It answers, or waits for somebody to take over: let it know at once.
                _audience.Remember(id.Node);
                _context.SendSoon(id.Node);
                if (kind == ClaimKind.Holder && Role == AddressRole.Holder && now - Since > Detect)
                {
                    _conflicts.WorseClaimHeard(id.Node, Deadline, now);
                }
            }
        }
        else if (!Rules.WorseClaimYields)
        {
            return;
        }
        else if (kind == ClaimKind.Holder || (kind != ClaimKind.Released && Role == AddressRole.Yielding))
        {
            // Of two that yield, the better one goes on until somebody takes over.
            var planned = Role == AddressRole.Yielding && kind == ClaimKind.Holder;
            var reason = planned ? HolderChangeReason.Planned : HolderChangeReason.HigherTerm;
            LetGo(AddressRole.Standby, reason, now, tell: false);
            Follow(id, now);
        }
        else if (Role == AddressRole.Holder)
        {
            // A better claim is being given up, to this node as well as to others: claim above it.
            Follow(id, now);
            _claimReason = HolderChangeReason.Planned;
            _clock.Vacate(now);
            Claim(now);
        }
    }

    private void ClaimHeardWhileWaiting(ClaimId id, ClaimKind kind, TimeSpan now)
    {
        // The ledger outlives an address that is dropped and comes back; who else has to do with it does not.
        var known = _terms.Best == id && _previousHolder == id.Node;
        if (!known)
        {
            Follow(id, now);
        }

        _lastHeard = now;
        if (kind == ClaimKind.Released)
        {
            if (Rules.ReleasesAreTold && (!known || !_clock.Vacated))
            {
                Vacate(HolderChangeReason.Released, now);
            }

            return;
        }

        var role = _linkUp ? AddressRole.Standby : AddressRole.Fenced;
        if (Role != role || !known)
        {
            Become(role, now);
        }

        if (kind == ClaimKind.Holder)
        {
            _clock.Restart(now);
            _claimReason = HolderChangeReason.HeartbeatTimeout;
        }
        else if (kind == ClaimKind.Handover)
        {
            if (!known || !_clock.Invited)
            {
                _clock.Invite(now);
                _claimReason = HolderChangeReason.Planned;
            }
        }
        else if (!known || !_clock.Vacated)
        {
            Vacate(HolderChangeReason.Planned, now);
        }
    }

    private void Vacate(HolderChangeReason reason, TimeSpan now)
    {
        _clock.Vacate(now);
        _claimReason = reason;
        if (Role == AddressRole.Standby && reason != HolderChangeReason.Planned)
        {
            Become(AddressRole.Candidate, now);
        }
    }

    /// <summary>Takes <paramref name="id"/> for the best claim there is.</summary>
    private void Follow(ClaimId id, TimeSpan now)
    {
        _terms.Learn(id);
        _context.Version++;
        _claimReason = HolderChangeReason.HeartbeatTimeout;
        _previousHolder = id.Node;
        _lastHeard = now;
        _audience.Remember(id.Node);
    }
}
