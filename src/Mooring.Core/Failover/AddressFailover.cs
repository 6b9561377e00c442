using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Failover;

/// <summary>One address on one node: its role, and the moves between roles.</summary>
internal sealed partial class AddressFailover
{
    private static readonly TimeSpan RetryAnnounce = TimeSpan.FromSeconds(1);

    /// <summary>What waits for others is looked at again no sooner, should they be late.</summary>
    private static readonly TimeSpan MinStep = TimeSpan.FromMilliseconds(1);

    /// <summary>What came in while this node did not run is read in this time.</summary>
    private static readonly TimeSpan MinReading = TimeSpan.FromMilliseconds(2);

    private readonly FailoverContext _context;
    private readonly TermLedger _terms;
    private readonly TakeoverClock _clock;
    private readonly AddressConflicts _conflicts;
    private readonly AddressAudience _audience;
    private readonly AddressHandover _handover;
    private readonly DetectionTimes _times = new();
    private readonly FailoverAction.ExtendDeadline _extend;

    private HolderChangeReason _claimReason = HolderChangeReason.InitialClaim;
    private string? _previousHolder;
    private TimeSpan? _lastHeard;
    private ulong _lastSequence;
    private TimeSpan _releasedUntil = TimeSpan.MinValue;
    private TimeSpan _notBefore = TimeSpan.MinValue;
    private bool _linkUp;
    private bool _cutOff;

    public AddressFailover(FailoverContext context, IPAddress address, TermLedger terms, TimeSpan now)
    {
        _context = context;
        _terms = terms;
        _clock = new TakeoverClock(now);
        _conflicts = new AddressConflicts(context, address);
        _audience = new AddressAudience(context);
        _handover = new AddressHandover(context, _audience);
        _extend = new FailoverAction.ExtendDeadline(address);
        Address = address;
        Since = now;
    }

    public IPAddress Address { get; }

    public NamespacedName VirtualIp { get; private set; }

    public ImmutableArray<string> Candidates => _audience.Candidates;

    public TimeSpan Interval => _times.Interval;

    public TimeSpan Detect => _times.Wait;

    public AddressRole Role { get; private set; } = AddressRole.Candidate;

    public TimeSpan Since { get; private set; }

    public TimeSpan Deadline { get; private set; }

    /// <summary>Whether the gateway of the address's network is heard; null when none is known.</summary>
    public bool? Gateway { get; set; }

    public List<string> Others => _audience.Others;

    public bool Answers => Role is AddressRole.Holder or AddressRole.Yielding;

    public bool IsCandidate => _audience.HasSelf;

    /// <summary>
    /// A wake-up that is later than this means that heartbeats may wait unread: after an interval's worth of silence
    /// half of what is left until a takeover.
    /// </summary>
    public TimeSpan MaxLateness => (Detect - Interval) / 2;

    private FailoverRules Rules => _context.Rules;

    /// <summary>This node may claim the address once it is its turn.</summary>
    private bool MayClaim => !Answers && _linkUp && !_cutOff && !_context.Stopping && IsCandidate;

    /// <summary>When something happens to the address by itself.</summary>
    public TimeSpan Due(TimeSpan now)
    {
        if (!Answers)
        {
            // One that only has its release still to tell is dropped after that.
            var due = !IsCandidate ? TimeSpan.MaxValue : _cutOff ? now + Interval : MayClaim ? NextTurn(now) : TimeSpan.MaxValue;
            return _releasedUntil > now && _releasedUntil < due ? _releasedUntil : due;
        }

        // The deadline has moved by then, or it passes.
        var next = _cutOff ? Deadline + MinStep : Deadline - _times.Answer + Interval;
        next = _handover.Due < next ? _handover.Due : next;
        next = _conflicts.Due(Detect) is { } verdict && verdict < next ? verdict : next;
        return next > now ? next : now + MinStep;
    }

    public void Configure(VirtualIpIntent vip, AddressIntent intent, ulong revision, TimeSpan now)
    {
        VirtualIp = vip.Key;
        _context.Version++;
        var isNew = Candidates.IsEmpty;
        _audience.Candidates = intent.Candidates;
        if (_times.Configure(vip, revision))
        {
            // So that the others learn soon that this node has the new times.
            _audience.TellAll();
        }

        if (isNew && Rules.NewcomerListensFirst)
        {
            // The snapshot may have waited as long as what it comes with.
            DistrustUnread(now);
        }

        _terms.RaiseFloor(intent.Term);
        if (Answers && !_context.Stopping)
        {
            FollowIntent(intent, now);
        }
    }

    /// <summary>The address is gone from the snapshot. The others are not told: they have it from theirs.</summary>
    public void Remove(TimeSpan now)
    {
        LetGo(AddressRole.Candidate, HolderChangeReason.Removed, now, tell: false);
        _audience.Candidates = [];
    }

    public void SetLink(bool up, TimeSpan now)
    {
        if (up == _linkUp || (!up && !Rules.LinkLossReleases))
        {
            return;
        }

        _linkUp = up;
        if (!up)
        {
            LetGo(AddressRole.Fenced, HolderChangeReason.LinkDown, now, tell: true);
        }
        else
        {
            _clock.Restart(now);
            Become(AddressRole.Candidate, now);
            if (!Rules.NewcomerListensFirst)
            {
                _clock.Vacate(now);
            }
        }
    }

    /// <summary>Called before anything else when much time may have passed.</summary>
    /// <param name="now">The time.</param>
    /// <param name="lateness">How much later than wanted the machine was called.</param>
    public void Wake(TimeSpan now, TimeSpan lateness)
    {
        if (Answers && now > Deadline && Rules.HolderStopsAtDeadline)
        {
            LetGo(AddressRole.Fenced, _cutOff ? HolderChangeReason.Isolated : HolderChangeReason.DeadlinePassed, now, tell: true);
            if (Rules.FencedListensFirst)
            {
                // Half a detection time more than a fresh candidate, so that it does not collide with a standby.
                DistrustUnread(now);
                _clock.Restart(now + (Detect / 2));
            }
            else
            {
                _clock.Invite(now);
            }
        }
        else if (!Answers && lateness > MaxLateness && Rules.OwnPauseIsNotSilence)
        {
            // What looks like the holder's silence was this node's own pause.
            DistrustUnread(now);
            _clock.Restart(now);
        }
    }

    /// <summary>Does what time has brought, and says when to come again.</summary>
    public void Tick(TimeSpan now)
    {
        // Who shares which interval with whom is worked out anew.
        _context.AudienceChanged |= _times.TrySettle(_audience, now);
        if (Role == AddressRole.Yielding && now >= _handover.Until)
        {
            GiveUpHandover(now);
        }
        else if (Role == AddressRole.Yielding)
        {
            _handover.Tick(Detect, now);
        }
        else if (Role == AddressRole.Holder)
        {
            _conflicts.Tick(Detect, now);
        }
        else if ((_cutOff || (MayClaim && now >= Turn(now))) && !LooksCutOff(now) && MayClaim && now >= Turn(now)
            && HasRead(now))
        {
            Claim(now);
        }

        if (_releasedUntil != TimeSpan.MinValue && now >= _releasedUntil)
        {
            _releasedUntil = TimeSpan.MinValue;
            _context.Version++;
        }

        _context.DueAt(Due(now));
    }

    /// <summary>The address could not be announced.</summary>
    public void HoldFailed(TimeSpan now)
    {
        LetGo(AddressRole.Fenced, HolderChangeReason.AnnounceFailed, now, tell: true);
        _clock.Restart(now + RetryAnnounce);
    }

    /// <summary>What <paramref name="peer"/> is told of the address, or null for nothing.</summary>
    public AddressClaim? ToClaim(string peer, TimeSpan now)
    {
        var kind = Role switch
        {
            AddressRole.Holder => ClaimKind.Holder,
            AddressRole.Yielding when _handover.Successor is null => ClaimKind.Yielding,
            AddressRole.Yielding => _handover.Successor == peer || !Rules.OnlySuccessorIsInvited
                ? ClaimKind.Handover : ClaimKind.Holder,

            // Said for a while, as packets get lost; nobody minds it once there is a newer term.
            _ when now < _releasedUntil => ClaimKind.Released,
            _ => default,
        };
        return kind == default ? null : new AddressClaim(Address, kind, _terms.Own.Term, _terms.Own.Rank);
    }

    /// <summary>Still has something to say although the node may be no candidate any more.</summary>
    public bool IsNeeded(TimeSpan now) => IsCandidate || Answers || now < _releasedUntil;

    public AddressFailoverView ToView(TimeSpan now) => new()
    {
        Address = Address,
        VirtualIp = VirtualIp,
        Role = Role,
        Term = _terms.Seen,
        Holder = Answers ? _context.Self : Role == AddressRole.Standby ? _terms.Best?.Node : null,
        Since = Since,
        Isolated = Answers && _audience.Evidence(now, Detect, Gateway)
            is HoldingEvidence.None or HoldingEvidence.Gateway or HoldingEvidence.LinkOnly,
    };

    /// <summary>Moves the deadline on as far as the heartbeats sent allow.</summary>
    public void ExtendDeadline(TimeSpan now)
    {
        if (!Answers || LooksCutOff(now))
        {
            return;
        }

        // A standby takes over one detection time after the last heartbeat it got, so this node answers no longer than
        // that after the oldest of the last ones it sent.
        var deadline = _audience.OldestLastSent(now) + _times.Answer;
        if (deadline > Deadline)
        {
            Deadline = deadline;
            _extend.Deadline = deadline;
            _context.Actions.Add(_extend);
        }
    }

    private void Claim(TimeSpan now)
    {
        var phases = new FailoverPhases(_lastHeard, Detected: _clock.ClaimAt(place: 0, Detect), Claimed: now);
        _terms.ClaimNext(_audience.OwnRank);
        _releasedUntil = TimeSpan.MinValue;
        _handover.End();
        _cutOff = false;
        Deadline = now + _times.Answer;
        Become(AddressRole.Holder, now);
        _context.Actions.Add(new FailoverAction.Hold(Address, _terms.Own.Term, Deadline));
        _context.Actions.Add(new FailoverAction.HolderChanged(
            Address, AddressRole.Holder, _terms.Own.Term, _previousHolder, _claimReason, phases));
        _audience.TellAll();
    }

    /// <summary>Stops answering, if this node does, and waits like any candidate from now on.</summary>
    private void LetGo(AddressRole role, HolderChangeReason reason, TimeSpan now, bool tell)
    {
        var answered = Answers;
        Become(role, now);
        if (!answered)
        {
            return;
        }

        _handover.End();
        _claimReason = HolderChangeReason.InitialClaim;
        _previousHolder = null;
        _lastHeard = null;
        _clock.Restart(now);
        _conflicts.Clear();
        _context.Actions.Add(new FailoverAction.Release(Address, reason));
        _context.Actions.Add(new FailoverAction.HolderChanged(
            Address, role, _terms.Own.Term, PreviousHolder: null, reason, Phases: null));
        if (tell)
        {
            _releasedUntil = now + Detect;
            _audience.TellAll();
        }
    }

    /// <summary>When it is this node's turn, as far as is known now.</summary>
    private TimeSpan Turn(TimeSpan now)
    {
        var lost = Rules.LostHolderIsNotInLine ? _terms.Best?.Node : null;
        var turn = _clock.ClaimAt(Rules.StandbysAreStaggered ? _audience.PlaceInLine(lost, now, Detect) : 0, Detect);
        return turn > _notBefore ? turn : _notBefore;
    }

    /// <summary>When to look: others before this node in the line may fall silent before it is its turn.</summary>
    private TimeSpan NextTurn(TimeSpan now)
    {
        var first = _clock.ClaimAt(place: 0, Detect);
        var turn = Turn(now);
        var soon = now + (Interval / 2);
        return first > now ? first : turn < soon ? turn : soon;
    }

    /// <summary>
    /// What asks this node to take over may have waited unread for long. Whoever still wants that says so again.
    /// </summary>
    private void DistrustUnread(TimeSpan now) => _notBefore = now + Interval;

    /// <summary>
    /// A call that came late may have overtaken heartbeats that wait to be read. Once they have been, the silence counts.
    /// </summary>
    private bool HasRead(TimeSpan now)
    {
        if (_context.IsLate && _clock.Confirm() && Rules.OwnPauseIsNotSilence)
        {
            _notBefore = now + (Interval / 8 > MinReading ? Interval / 8 : MinReading);
            return false;
        }

        return true;
    }

    /// <summary>
    /// Nobody is heard although there is somebody to hear. A node that was cut off waits from the time it no longer is,
    /// as it may not have heard of the holder yet.
    /// </summary>
    private bool LooksCutOff(TimeSpan now)
    {
        var cutOff = Rules.IsolatedWithdraws && _audience.Evidence(now, Detect, Gateway) == HoldingEvidence.None;
        if (_cutOff && !cutOff && !Answers)
        {
            _clock.Restart(now);
        }

        _cutOff = cutOff;
        return cutOff;
    }

    private void Become(AddressRole role, TimeSpan now)
    {
        Role = role;
        Since = now;
        _context.Version++;
        if (Answers)
        {
            _context.Held.Add(this);
        }
        else
        {
            _context.Held.Remove(this);
        }
    }
}
