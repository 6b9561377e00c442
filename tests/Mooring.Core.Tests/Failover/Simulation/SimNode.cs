using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Mooring.Core.Failover;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Tests.Failover.Simulation;

/// <summary>One node: a machine, a disk that survives kills, a speaker that obeys deadlines, and a clock of its own.</summary>
internal sealed partial class SimNode
{
    private static readonly TimeSpan Rounding = TimeSpan.FromMicroseconds(1);

    private readonly SimCluster _cluster;
    private readonly Dictionary<IPAddress, ulong> _disk = [];
    private readonly TimeSpan?[] _deadlines;
    private readonly ReplayWindow[] _windows;
    private readonly (FailoverAction.SendHeartbeat? Action, Heartbeat? Heartbeat)[] _said;
    private readonly Queue<Action> _backlog = new();
    private readonly double _clockRate;
    private readonly NodeInterface _nic;
    private TimeSpan _clockOffset;
    private FailoverMachine? _machine;
    private TimeSpan _timerFor = TimeSpan.MinValue;
    private TimeSpan _haltedAt;
    private bool _frozen;
    private long _sequence;
    private int _life;

    public SimNode(SimCluster cluster, int index)
    {
        _cluster = cluster;
        Index = index;
        Name = $"node-{index + 1}";
        Mac = new PhysicalAddress([2, 0, 0, 0, 0, (byte)(index + 1)]);
        _deadlines = new TimeSpan?[cluster.Addresses.Length];
        Claimed = new ulong[cluster.Addresses.Length];
        Taken = new int[cluster.Addresses.Length];
        TakenAt = new TimeSpan[cluster.Addresses.Length];
        HeardFrom = new (TimeSpan, ulong)[cluster.NodeCount];
        _windows = new ReplayWindow[cluster.NodeCount];
        _said = new (FailoverAction.SendHeartbeat?, Heartbeat?)[cluster.NodeCount];
        _clockOffset = TimeSpan.FromSeconds(cluster.Random.Next(1, 1000));
        _clockRate = 1 + ((cluster.Random.NextDouble() - 0.5) / 2500);
        _nic = new NodeInterface
        {
            Name = "eth0",
            Index = 2,
            MacAddress = Mac,
            Up = true,
            Addresses = [new InterfaceAddress(new IPAddress([10, 70, 0, (byte)(11 + index)]), IPNetwork.Parse("10.70.0.0/24"))],
        };
    }

    public int Index { get; }

    public string Name { get; }

    public PhysicalAddress Mac { get; }

    public bool Alive => _machine is not null;

    /// <summary>Nothing of the agent runs, the speaker included.</summary>
    public bool Paused { get; private set; }

    /// <summary>The failover thread does not run; the speaker goes on.</summary>
    public bool Stalled { get; private set; }

    public bool Halted => Paused || Stalled;

    /// <summary>Its clock stood still once, so that it cannot know how old what it read afterwards was.</summary>
    public bool WasFrozen { get; private set; }

    public bool Carrier { get; private set; } = true;

    public bool Stopping { get; private set; }

    public TimeSpan StoppingSince { get; private set; }

    public bool ControllerConnected { get; private set; } = true;

    public bool? Gateway { get; private set; }

    /// <summary>Since when it has run without interruption, on the cluster's clock.</summary>
    public TimeSpan RunsSince { get; private set; }

    /// <summary>When its clock last ran ahead; a small jump it cannot tell from time that has passed.</summary>
    public TimeSpan JumpedAt { get; private set; } = TimeSpan.MinValue;

    /// <summary>When its snapshot, controller or gateway last changed.</summary>
    public TimeSpan ToldAt { get; private set; }

    /// <summary>How many takeovers are going to fail, as the address cannot be announced.</summary>
    public int FailingAnnouncements { get; set; }

    public ulong Epoch { get; private set; }

    public ClusterSnapshot Snapshot { get; private set; } = ClusterSnapshot.Empty;

    /// <summary>Highest term claimed of each address, over all starts.</summary>
    public ulong[] Claimed { get; }

    /// <summary>How often each address was taken, and when last.</summary>
    public int[] Taken { get; }

    public TimeSpan[] TakenAt { get; }

    /// <summary>When each other node was last heard, and from which snapshot it then worked.</summary>
    public (TimeSpan At, ulong Revision)[] HeardFrom { get; }

    public List<(TimeSpan At, FailoverAction.HolderChanged Change)> Changes { get; } = [];

    public List<FailoverAction.Conflict> Conflicts { get; } = [];

    public List<FailoverAction.MoveGivenUp> GivenUp { get; } = [];

    public ImmutableArray<AddressFailoverView> Views => _machine?.Views() ?? [];

    /// <summary>The speaker would answer an ARP request at this moment: what the deadline says, not what the machine thinks.</summary>
    public bool Answers(int address) =>
        _deadlines[address] is { } deadline && Alive && !Paused && Carrier
        && (LocalTime() <= deadline || !_cluster.Rules.HolderStopsAtDeadline);

    /// <summary>How long it would go on answering if it did nothing.</summary>
    public TimeSpan AnswersFor(int address) => Answers(address) ? _deadlines[address]!.Value - LocalTime() : TimeSpan.Zero;

    public bool Answers(IPAddress address) => Answers(_cluster.IndexOf(address));

    public bool IsCandidate(int address) => Lists(address, this);

    /// <summary>In this node's snapshot the other may hold the address.</summary>
    public bool Lists(int address, SimNode other) => Candidates(address).Contains(other.Name);

    public ImmutableArray<string> Candidates(int address) =>
        Snapshot.VirtualIps.IsEmpty ? [] : Snapshot.VirtualIps[address].Addresses[0].Candidates;

    public void SetController(bool connected)
    {
        ControllerConnected = connected;
        ToldAt = _cluster.Now;
        Give(machine => machine.SetControllerConnected(LocalTime(), connected));
    }

    public void SetGateway(bool? reachable)
    {
        Gateway = reachable;
        ToldAt = _cluster.Now;
        Give(machine => machine.SetGatewayReachable(LocalTime(), "eth0", AddressFamily.InterNetwork, reachable));
    }

    /// <summary>The stream from the controller keeps its order.</summary>
    public void Apply(ClusterSnapshot snapshot)
    {
        if (snapshot.Revision > Snapshot.Revision)
        {
            Snapshot = snapshot;
            ToldAt = _cluster.Now;
            Give(machine => machine.ApplySnapshot(LocalTime(), snapshot));
        }
    }

    public void Receive(int from, Heartbeat heartbeat, long sequence)
    {
        if (_machine is null)
        {
            return;
        }

        if (Halted)
        {
            Enqueue(from, heartbeat, sequence);
            return;
        }

        var result = _windows[from].Accept(heartbeat.Epoch, (ulong)sequence, heartbeat.ReceiverEpoch, LocalTime());
        if (result == HeartbeatDecodeResult.Ok)
        {
            HeardFrom[from] = (_cluster.Now, heartbeat.Revision);
            Run(_machine, _machine.HeartbeatReceived(LocalTime(), heartbeat, (ulong)sequence));
        }
    }

    public void SeeClaim(IPAddress address, PhysicalAddress mac) =>
        Give(machine => machine.ClaimObserved(LocalTime(), address, mac));

    public void TimerFired(long wanted, int life)
    {
        // Another input may have moved the wake-up on meanwhile.
        if (_machine is null || _life != life || Halted || _timerFor.Ticks != wanted)
        {
            return;
        }

        _timerFor = TimeSpan.MinValue;
        if (_machine.NextWakeup.Ticks == wanted)
        {
            Run(_machine, _machine.Tick(LocalTime()));
        }
        else
        {
            ScheduleWakeup(_machine);
        }
    }

    /// <summary>Tells a controller that has come back what is held here.</summary>
    public void ReportAll()
    {
        for (var i = 0; i < _deadlines.Length; i++)
        {
            if (_deadlines[i] is not null)
            {
                _cluster.Controller.Reported(Name, _cluster.Addresses[i], Claimed[i]);
            }
        }
    }

    public ImmutableArray<NodeInterface> Interfaces() => [_nic with { Up = Carrier }];

    private TimeSpan LocalTime() => _clockOffset + (_cluster.Now * _clockRate);

    private void Halt(Action how)
    {
        if (Alive && !Halted)
        {
            how();
            _haltedAt = _cluster.Now;
        }
    }

    private void Enqueue(int from, Heartbeat heartbeat, long sequence) =>
        _backlog.Enqueue(() => Receive(from, heartbeat, sequence));

    private void Give(Func<FailoverMachine, IReadOnlyList<FailoverAction>> input)
    {
        if (_machine is null)
        {
            return;
        }

        if (Halted)
        {
            _backlog.Enqueue(() => Give(input));
            return;
        }

        Run(_machine, input(_machine));
    }

    private void Run(FailoverMachine machine, IReadOnlyList<FailoverAction> actions)
    {
        IPAddress? failed = null;
        for (var i = 0; i < actions.Count; i++)
        {
            failed = Execute(actions[i]) ?? failed;
        }

        if (failed is not null)
        {
            Run(machine, machine.HoldFailed(LocalTime(), failed));
        }
        else if (machine.IsStopped)
        {
            Kill();
        }
        else
        {
            ScheduleWakeup(machine);
        }
    }

    private void ScheduleWakeup(FailoverMachine machine)
    {
        var wanted = machine.NextWakeup;
        if (wanted == TimeSpan.MaxValue || wanted == _timerFor)
        {
            return;
        }

        _timerFor = wanted;
        var at = ((wanted - _clockOffset) / _clockRate) + _cluster.TimerJitter();
        _cluster.Enqueue(at, new SimEvent(null, wanted.Ticks, Index, Index, _life));
    }

    private void Expect(bool holds, string what)
    {
        if (!holds)
        {
            throw new SimViolationException($"{Name} {what} at {_cluster.Now}");
        }
    }
}
