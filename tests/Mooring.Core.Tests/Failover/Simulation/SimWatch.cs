using Mooring.Core.Failover;

namespace Mooring.Core.Tests.Failover.Simulation;

/// <summary>Looks at a running cluster and ends it when something happens that must not. Bounds as in docs/failover.md.</summary>
internal sealed class SimWatch
{
    /// <summary>Half of the heartbeats lost for this many intervals is no accident.</summary>
    private const int LossyIntervals = 15;

    /// <summary>Nor as many greetings, one a second from each side.</summary>
    private const int LossyGreetings = 6;

    private static readonly TimeSpan GreetInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MoveTimeout = TimeSpan.FromSeconds(2);

    private readonly SimCluster _cluster;
    private readonly (TimeSpan Since, bool Lossy, bool Hung, bool Strangers)?[,,] _overlaps;
    private readonly TimeSpan?[,] _yieldingSince;
    private readonly TimeSpan?[,] _deadlinePassed;
    private readonly bool[] _overlapping;

    public SimWatch(SimCluster cluster)
    {
        _cluster = cluster;
        var (nodes, addresses) = (cluster.NodeCount, cluster.Addresses.Length);
        _overlaps = new (TimeSpan, bool, bool, bool)?[addresses, nodes, nodes];
        _overlapping = new bool[addresses];
        _yieldingSince = new TimeSpan?[nodes, addresses];
        _deadlinePassed = new TimeSpan?[nodes, addresses];
        cluster.Watch = this;
    }

    public TimeSpan LongestOverlap { get; private set; }

    /// <summary>One packet's way, the lateness of the timers at both its ends, and the time a node that is late reads.</summary>
    public TimeSpan Hop => _cluster.MaxDelay + (2 * _cluster.MaxTimerJitter)
        + (_cluster.Interval * _cluster.SlowFactor / 8) + TimeSpan.FromMilliseconds(2);

    /// <summary>
    /// How long two nodes that hear each other may both answer: until one heartbeat has got through, which is an
    /// interval and a packet's way there and back; much longer where packets are lost.
    /// </summary>
    public TimeSpan MaxOverlap(int address) =>
        _cluster.IntervalOf(address) + (3 * _cluster.MaxDelay) + (2 * _cluster.MaxTimerJitter);

    /// <summary>
    /// How long an address may be without holder after the last fault: the last standby in line waits a detection time
    /// for each before it, a fenced holder half a one more, and one that was cut off up to an interval to notice.
    /// </summary>
    public TimeSpan MaxVacancy(int address) =>
        (_cluster.DetectOf(address) * (_cluster.NodeCount + 1.5)) + (2 * _cluster.IntervalOf(address));

    public void AfterEvent()
    {
        for (var address = 0; address < _overlapping.Length; address++)
        {
            if (_cluster.HeldBy[address] >= 2)
            {
                LookForOverlaps(address);
            }
            else if (_overlapping[address])
            {
                _overlapping[address] = false;
                foreach (var a in _cluster.Nodes)
                {
                    foreach (var b in _cluster.Nodes)
                    {
                        _overlaps[address, a.Index, b.Index] = null;
                    }
                }
            }
        }
    }

    /// <summary>What can only be seen by asking the machines; called now and then.</summary>
    public void Probe()
    {
        foreach (var node in _cluster.Nodes)
        {
            for (var address = 0; address < _overlapping.Length; address++)
            {
                LookForIsolation(node, address);
                LookForEndlessMove(node, address);
            }
        }
    }

    public void CarrierChanged(SimNode node)
    {
        for (var address = 0; address < _overlapping.Length && !node.Carrier && !node.Halted; address++)
        {
            Expect(!node.Views.Any(view => view.Role is AddressRole.Holder or AddressRole.Yielding),
                address, $"{node.Name} holds an address without a link");
        }
    }

    public void Took(SimNode node, int address, FailoverAction.HolderChanged change)
    {
        if (change.Reason is HolderChangeReason.HeartbeatTimeout or HolderChangeReason.InitialClaim
            || (change.Reason == HolderChangeReason.Planned && !node.WasFrozen
                && _cluster.AskedAt[address] < _cluster.Now - _cluster.IntervalOf(address) - (2 * Hop)))
        {
            LookForNeedlessTakeover(node, address, change);
        }

        if (change.Reason is HolderChangeReason.HeartbeatTimeout or HolderChangeReason.InitialClaim)
        {
            LookForLateHolder(node, address, change);
            Expect(
                _deadlinePassed[node.Index, address] is not { } at || node.RunsSince > at
                || _cluster.Now - at >= _cluster.DetectOf(address) * 0.999, // by clocks that differ
                address, $"{node.Name} answers again without having listened after its deadline");
        }

        _deadlinePassed[node.Index, address] = null;
    }

    public void Released(SimNode node, int address, HolderChangeReason reason)
    {
        if (reason == HolderChangeReason.DeadlinePassed)
        {
            _deadlinePassed[node.Index, address] = _cluster.Now;
        }
        else if (reason == HolderChangeReason.Planned)
        {
            LookForBreakBeforeMake(node, address);
        }
    }

    public void Expect(bool holds, int address, string what)
    {
        if (!holds)
        {
            throw new SimViolationException($"{what} ({_cluster.Addresses[address]}, at {_cluster.Now})\n{Dump(address)}");
        }
    }

    public string Dump(int address) => string.Join('\n', _cluster.Nodes.Select(node =>
        $"{node.Name} alive {node.Alive} paused {node.Paused} stalled {node.Stalled} carrier {node.Carrier} "
        + $"stopping {node.Stopping} controller {node.ControllerConnected} gateway {node.Gateway} answers {node.Answers(address)} "
        + $"candidates [{string.Join(' ', node.Candidates(address))}] "
        + $"{node.Views.SingleOrDefault(view => view.Address.Equals(_cluster.Addresses[address]))}"
        + $"\n    {string.Join("\n    ", node.Changes.Where(c => c.Change.Address.Equals(_cluster.Addresses[address])).Select(c =>
            $"{c.At} {c.Change.Role} {c.Change.Term} {c.Change.Reason} {c.Change.PreviousHolder}"))}"));

    private void LookForOverlaps(int address)
    {
        _overlapping[address] = true;
        for (var i = 0; i < _cluster.NodeCount; i++)
        {
            for (var j = i + 1; j < _cluster.NodeCount; j++)
            {
                Look(address, _cluster.Nodes[i], _cluster.Nodes[j]);
            }
        }
    }

    private void Look(int address, SimNode a, SimNode b)
    {
        ref var overlap = ref _overlaps[address, a.Index, b.Index];
        if (!a.Answers(address) || !b.Answers(address) || !_cluster.CanHear(a, b))
        {
            overlap = null;
            return;
        }

        var lossy = (overlap?.Lossy ?? false) || _cluster.Loss > 0 || _cluster.ExtraDelay > TimeSpan.Zero;
        var hung = (overlap?.Hung ?? false) || a.Stalled || b.Stalled;

        // Where neither takes the other for a candidate, the slow heartbeats to every node have to do it.
        var strangers = (overlap?.Strangers ?? false) || (!a.Lists(address, b) && !b.Lists(address, a));
        overlap = (overlap?.Since ?? _cluster.Now, lossy, hung, strangers);
        var lasted = _cluster.Now - overlap.Value.Since;
        LongestOverlap = lasted > LongestOverlap ? lasted : LongestOverlap;
        var bound = MaxOverlap(address) + (lossy ? GreetInterval * LossyGreetings : strangers ? GreetInterval : TimeSpan.Zero)
            + (lossy ? LossyIntervals * _cluster.IntervalOf(address) : TimeSpan.Zero)
            + (hung ? _cluster.DetectOf(address) : TimeSpan.Zero); // one that hangs answers until its deadline
        if (lasted > bound)
        {
            Expect(holds: false, address, $"{a.Name} and {b.Name} hear each other and both answer for {lasted}, more than {bound}");
        }
    }

    /// <summary>A node that could hear the holder all along took the address from it.</summary>
    private void LookForNeedlessTakeover(SimNode node, int address, FailoverAction.HolderChanged change)
    {
        var recent = _cluster.Now - _cluster.DetectOf(address) - (2 * _cluster.IntervalOf(address)) - (3 * Hop);
        if (_cluster.GoodSince > recent || node.JumpedAt > recent)
        {
            return;
        }

        foreach (var holder in _cluster.Nodes)
        {
            if (holder != node && holder.Answers(address) && holder.TakenAt[address] <= recent && !holder.Halted
                && holder.RunsSince <= recent && holder.ToldAt <= recent && _cluster.CanHear(node, holder)
                && holder.Lists(address, node)
                && _cluster.Nodes.All(other => other == node || other.Claimed[address] <= holder.Claimed[address])
                && change.Term > holder.Claimed[address])
            {
                Expect(holds: false, address, $"{node.Name} took the address from {holder.Name}, which was alive and heard");
            }
        }
    }

    /// <summary>A holder that hangs has to be silent by the time its standby takes over.</summary>
    private void LookForLateHolder(SimNode node, int address, FailoverAction.HolderChanged change)
    {
        var recent = _cluster.Now - (2 * _cluster.DetectOf(address)) - (3 * Hop);
        if (_cluster.GoodSince > recent || node.RunsSince > recent)
        {
            return;
        }

        foreach (var holder in _cluster.Nodes)
        {
            // But for what their clocks differ, and for a snapshot that the one that hangs has not read.
            if (holder.Stalled && !holder.WasFrozen && holder.AnswersFor(address) > _cluster.DetectOf(address) / 1000
                && _cluster.CanHear(node, holder) && holder.Lists(address, node) && holder.ToldAt <= recent
                && change.PreviousHolder == holder.Name)
            {
                Expect(holds: false, address, $"{holder.Name} hangs and goes on answering after {node.Name} took over");
            }
        }
    }

    /// <summary>The holder stopped to answer, of its own will, while another node could have taken over first.</summary>
    private void LookForBreakBeforeMake(SimNode node, int address)
    {
        var recent = _cluster.Now - (2 * _cluster.DetectOf(address)) - (2 * Hop);
        var claim = node.Claimed[address];
        var bound = _cluster.DetectOf(address) * Math.Max(2, node.Candidates(address).Length);
        bound = bound < MoveTimeout ? bound : MoveTimeout;

        // One that was told of its candidates only just now cannot know yet which of them hear it.
        if (_cluster.GoodSince > recent || node.ToldAt > recent || (node.Stopping && _cluster.Now - node.StoppingSince >= bound)
            || _cluster.Nodes.Any(other => other != node && (other.Claimed[address] > claim || other.Answers(address))))
        {
            return;
        }

        foreach (var other in _cluster.Nodes)
        {
            if (other != node && other.Alive && !other.Halted && !other.Stopping && other.RunsSince <= recent
                && other.ToldAt <= recent && node.RunsSince <= recent && _cluster.CanHear(node, other)
                && other.FailingAnnouncements <= 0
                && node.Lists(address, other) && other.IsCandidate(address))
            {
                Expect(holds: false, address, $"{node.Name} stopped to answer before {other.Name} had taken over");
            }
        }
    }

    private void LookForIsolation(SimNode node, int address)
    {
        if (node.ControllerConnected || node.Gateway != false || node.Halted || !node.Answers(address))
        {
            return;
        }

        var others = node.Candidates(address).Where(name => name != node.Name)
            .Select(name => node.HeardFrom[_cluster[name].Index]).ToArray();
        var detect = _cluster.DetectOf(address);
        var longest = others.Any(other => other.Revision != node.Snapshot.Revision) ? _cluster.Detect * _cluster.SlowFactor : detect;
        var earlier = _cluster.Now - longest - detect - (2 * _cluster.IntervalOf(address)) - (2 * Hop);
        if (others.Length > 0 && node.ToldAt <= earlier && node.RunsSince <= earlier && others.All(other => other.At < earlier))
        {
            Expect(holds: false, address, $"{node.Name} goes on answering although it hears nobody at all");
        }
    }

    private void LookForEndlessMove(SimNode node, int address)
    {
        ref var since = ref _yieldingSince[node.Index, address];
        var yields = !node.Halted && node.IsCandidate(address)
            && node.Views.Any(view => view.Role == AddressRole.Yielding && view.Address.Equals(_cluster.Addresses[address]));
        since = yields ? since ?? _cluster.Now : null;
        var bound = _cluster.DetectOf(address) * 2;
        bound = (bound < MoveTimeout ? MoveTimeout : bound) + _cluster.DetectOf(address) + Hop;

        // Told something else, or to stop, it begins anew.
        var from = new[] { since ?? _cluster.Now, node.ToldAt, node.RunsSince, node.StoppingSince }.Max();
        Expect(_cluster.Now - from <= bound, address, $"{node.Name} has been waiting for a successor since {from}");
    }
}
