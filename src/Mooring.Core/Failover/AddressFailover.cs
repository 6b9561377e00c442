using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Failover;

/// <summary>One address on one node: its role, and the moves between roles.</summary>
internal sealed class AddressFailover(FailoverContext context, IPAddress address, TermLedger terms, TimeSpan now)
{
    private static readonly TimeSpan MinInterval = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan MaxYield = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RetryAnnounce = TimeSpan.FromSeconds(1);

    private readonly TakeoverClock _clock = new(now);
    private readonly AddressConflicts _conflicts = new(context, address);
    private readonly AddressAudience _audience = new(context);

    private HolderChangeReason _claimReason = HolderChangeReason.InitialClaim;
    private string? _previousHolder;
    private TimeSpan _releasedUntil = TimeSpan.MinValue;
    private TimeSpan? _yieldUntil;
    private bool _linkUp;

    public IPAddress Address { get; } = address;

    public NamespacedName VirtualIp { get; private set; }

    public ImmutableArray<string> Candidates => _audience.Candidates;

    public TimeSpan Interval { get; private set; } = VirtualIpIntent.DefaultHeartbeatInterval;

    public TimeSpan Detect { get; private set; } =
        VirtualIpIntent.DefaultHeartbeatInterval * VirtualIpIntent.DefaultDetectMultiplier;

    public AddressRole Role { get; private set; } = AddressRole.Candidate;

    public TimeSpan Since { get; private set; } = now;

    public TimeSpan Deadline { get; private set; }

    public string? LastOther => _audience.LastOther;

    public bool Answers => Role is AddressRole.Holder or AddressRole.Yielding;

    public bool IsCandidate => _audience.HasSelf;

    /// <summary>When this node claims the address if nothing is heard until then.</summary>
    public TimeSpan ClaimAt =>
        Answers || !_linkUp || context.Stopping || !IsCandidate
            ? TimeSpan.MaxValue
            : _clock.ClaimAt(_audience.PlaceInLine(lost: terms.Best?.Node), Detect);

    /// <summary>When something happens to the address by itself.</summary>
    public TimeSpan NextWakeup(TimeSpan now)
    {
        if (!Answers)
        {
            // One that only has its release still to tell is dropped after that.
            return IsCandidate || now >= _releasedUntil ? ClaimAt : _releasedUntil;
        }

        var renew = now + Interval;
        return _yieldUntil is { } until && until < renew ? until : renew;
    }

    public void Configure(VirtualIpIntent vip, AddressIntent intent, TimeSpan now)
    {
        VirtualIp = vip.Key;
        context.Version++;
        _audience.Candidates = intent.Candidates;
        Interval = vip.HeartbeatInterval > MinInterval ? vip.HeartbeatInterval : MinInterval;
        Detect = Interval * Math.Max(2, vip.DetectMultiplier);
        terms.RaiseFloor(intent.Term);

        if (Answers && Candidates.IsEmpty)
        {
            LetGo(AddressRole.Candidate, HolderChangeReason.Removed, now, tell: false);
        }
        else if (Role == AddressRole.Holder && !IsCandidate)
        {
            Yield(now);
        }
        else if (Role == AddressRole.Yielding && IsCandidate && !context.Stopping)
        {
            _yieldUntil = null;
            Become(AddressRole.Holder, now);
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
        if (up == _linkUp)
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
        }
    }

    /// <summary>Called before anything else after time has passed.</summary>
    /// <param name="now">The time.</param>
    /// <param name="lateness">How much later than wanted the machine was called.</param>
    public void Wake(TimeSpan now, TimeSpan lateness)
    {
        if (Answers && now > Deadline)
        {
            LetGo(AddressRole.Fenced, HolderChangeReason.DeadlinePassed, now, tell: true);

            // Half a detection time more than a fresh candidate waits, so that it does not collide with a standby.
            _clock.Restart(now + (Detect / 2));
        }
        else if (!Answers && lateness > Detect / 2)
        {
            // What looks like the holder's silence was this node's own pause.
            _clock.Restart(now);
        }
    }

    public void Tick(TimeSpan now)
    {
        if (Role == AddressRole.Yielding && now >= _yieldUntil)
        {
            LetGo(AddressRole.Candidate, HolderChangeReason.Planned, now, tell: true);
        }
        else if (now >= ClaimAt)
        {
            Claim(now);
        }
        else if (Role == AddressRole.Holder)
        {
            _conflicts.Tick(Detect, now);
        }
    }

    /// <summary>The address could not be announced.</summary>
    public void HoldFailed(TimeSpan now)
    {
        LetGo(AddressRole.Fenced, HolderChangeReason.AnnounceFailed, now, tell: true);
        _clock.Restart(now + RetryAnnounce);
    }

    /// <summary>Shutting down: the standbys are asked to take over while this node still answers.</summary>
    public void Stop(TimeSpan now)
    {
        if (Answers && !_audience.SomebodyIsHeard(now, Detect))
        {
            LetGo(AddressRole.Candidate, HolderChangeReason.Planned, now, tell: true);
        }
        else if (Answers)
        {
            Yield(now);
            var bound = Detect * Math.Max(2, Candidates.Length);
            _yieldUntil = now + (bound < MaxYield ? bound : MaxYield);
        }
    }

    public void SeenOnWire(string? node, PhysicalAddress mac, TimeSpan now)
    {
        if (Role == AddressRole.Holder)
        {
            if (node is not null)
            {
                // It may work from a snapshot in which it has nobody to send heartbeats to.
                _audience.Remember(node);
                context.SendSoon(node);
            }

            _conflicts.SeenOnWire(node, mac, Deadline, now);
        }
    }

    /// <summary>What is said of the address in heartbeats, or null for nothing.</summary>
    public AddressClaim? ToClaim(TimeSpan now) => Role switch
    {
        AddressRole.Holder => Own(ClaimKind.Holder),
        AddressRole.Yielding => Own(ClaimKind.Yielding),
        // Said for a while, as packets get lost; nobody minds it once there is a newer term.
        _ when now < _releasedUntil => Own(ClaimKind.Released),
        _ => null,
    };

    /// <summary>Still has something to say although the node may be no candidate any more.</summary>
    public bool IsNeeded(TimeSpan now) => IsCandidate || Answers || now < _releasedUntil;

    public AddressFailoverView ToView(TimeSpan now) => new()
    {
        Address = Address,
        VirtualIp = VirtualIp,
        Role = Role,
        Term = terms.Seen,
        Holder = Answers ? context.Self : Role == AddressRole.Standby ? terms.Best?.Node : null,
        Since = Since,
        Isolated = Answers && _audience.Evidence(now, Detect) == HoldingEvidence.LinkOnly,
    };

    /// <summary>Moves the deadline on as far as the heartbeats sent allow.</summary>
    public void ExtendDeadline(TimeSpan now)
    {
        if (!Answers || !MayGoOn(_audience.Evidence(now, Detect)))
        {
            return;
        }

        // A standby takes over one detection time after the last heartbeat it got, so this node answers no longer than
        // that after the oldest of the last ones it sent.
        var deadline = _audience.OldestLastSent(now) + Detect;
        if (deadline > Deadline)
        {
            Deadline = deadline;
            context.Actions.Add(new FailoverAction.ExtendDeadline(Address, deadline));
        }
    }

    /// <summary>The sender started anew, so it no longer answers for what it held.</summary>
    public void PeerRestarted(string sender, TimeSpan now)
    {
        if (!Answers && !_clock.Vacated && terms.Best is { } best && best.Node == sender)
        {
            Vacate(HolderChangeReason.HolderRestarted, now);
        }
    }

    public void ClaimHeard(string sender, AddressClaim claim, TimeSpan now)
    {
        var id = new ClaimId(claim.Term, claim.Rank, sender);
        if (Answers)
        {
            ClaimHeardWhileAnswering(id, claim.Kind, now);
        }
        else if (terms.Best is not { } best || !best.Beats(id))
        {
            ClaimHeardWhileWaiting(id, claim.Kind, now);
        }
    }

    private void ClaimHeardWhileAnswering(ClaimId id, ClaimKind kind, TimeSpan now)
    {
        if (!id.Beats(terms.Own))
        {
            if (kind != ClaimKind.Released)
            {
                // It answers, or waits for somebody to take over: let it know at once.
                _audience.Remember(id.Node);
                context.SendSoon(id.Node);
                if (kind == ClaimKind.Holder && Role == AddressRole.Holder && now - Since > Detect)
                {
                    _conflicts.WorseClaimHeard(id.Node, Deadline, now);
                }
            }
        }
        else if (kind == ClaimKind.Holder || (kind == ClaimKind.Yielding && Role == AddressRole.Yielding))
        {
            // Of two that yield, the better one goes on until somebody takes over.
            var planned = Role == AddressRole.Yielding && kind == ClaimKind.Holder;
            var reason = planned ? HolderChangeReason.Planned : HolderChangeReason.HigherTerm;
            LetGo(AddressRole.Standby, reason, now, tell: false);
            Follow(id);
        }
        else if (Role == AddressRole.Holder)
        {
            // A better claim is being given up, to this node as well as to others: claim above it.
            Follow(id);
            _claimReason = HolderChangeReason.Planned;
            _clock.Vacate(now);
            Claim(now);
        }
    }

    private void ClaimHeardWhileWaiting(ClaimId id, ClaimKind kind, TimeSpan now)
    {
        var known = terms.Best == id;
        if (!known)
        {
            Follow(id);
        }

        if (kind == ClaimKind.Holder)
        {
            _clock.Restart(now);
            _claimReason = HolderChangeReason.HeartbeatTimeout;
            var role = _linkUp ? AddressRole.Standby : AddressRole.Fenced;
            if (Role != role || !known)
            {
                Become(role, now);
            }
        }
        else if (!known || !_clock.Vacated)
        {
            Vacate(kind == ClaimKind.Yielding ? HolderChangeReason.Planned : HolderChangeReason.Released, now);
        }
    }

    private void Claim(TimeSpan now)
    {
        var detect = _clock.Vacated || _claimReason == HolderChangeReason.InitialClaim
            ? TimeSpan.Zero : now - _clock.SilentSince;
        terms.ClaimNext(_audience.OwnRank);
        _releasedUntil = TimeSpan.MinValue;
        _yieldUntil = null;
        Deadline = now + Detect;
        Become(AddressRole.Holder, now);
        context.Actions.Add(new FailoverAction.Hold(Address, terms.Own.Term, Deadline));
        context.Actions.Add(new FailoverAction.HolderChanged(
            Address, AddressRole.Holder, terms.Own.Term, _previousHolder, _claimReason, detect));
        _audience.TellAll();
    }

    private void Yield(TimeSpan now)
    {
        Become(AddressRole.Yielding, now);
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

        _yieldUntil = null;
        _claimReason = HolderChangeReason.InitialClaim;
        _previousHolder = null;
        _clock.Restart(now);
        _conflicts.Clear();
        context.Actions.Add(new FailoverAction.Release(Address, reason));
        context.Actions.Add(new FailoverAction.HolderChanged(
            Address, role, terms.Own.Term, PreviousHolder: null, reason, TimeSpan.Zero));
        if (tell)
        {
            _releasedUntil = now + Detect;
            _audience.TellAll();
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
    private void Follow(ClaimId id)
    {
        terms.Learn(id);
        context.Version++;
        _claimReason = HolderChangeReason.HeartbeatTimeout;
        _previousHolder = id.Node;
        _audience.Remember(id.Node);
    }

    /// <summary>
    /// An isolated holder whose link is up goes on: most often all its standbys are gone with the controller, and where
    /// the segment itself is split, neither half hears the other's answers.
    /// </summary>
    private static bool MayGoOn(HoldingEvidence evidence) =>
        evidence is HoldingEvidence.NoOtherCandidate or HoldingEvidence.Standby or HoldingEvidence.Controller
            or HoldingEvidence.LinkOnly;

    private AddressClaim Own(ClaimKind kind) => new(Address, kind, terms.Own.Term, terms.Own.Rank);

    private void Become(AddressRole role, TimeSpan now)
    {
        Role = role;
        Since = now;
        context.Version++;
    }
}
