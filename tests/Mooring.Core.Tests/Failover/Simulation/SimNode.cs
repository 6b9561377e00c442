using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Mooring.Core.Failover;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Tests.Failover.Simulation;

/// <summary>One node: a machine, a disk that survives kills, a speaker that obeys deadlines, and a clock of its own.</summary>
internal sealed class SimNode
{
    private readonly SimCluster _cluster;
    private readonly Dictionary<IPAddress, ulong> _disk = [];
    private readonly Dictionary<IPAddress, TimeSpan> _held = [];
    private readonly Dictionary<IPAddress, ulong> _claimed = [];
    private readonly Queue<Action<FailoverMachine, TimeSpan>> _backlog = new();
    private readonly TimeSpan _clockOffset;
    private readonly double _clockRate;
    private FailoverMachine? _machine;
    private ClusterSnapshot _snapshot = ClusterSnapshot.Empty;
    private int _life;

    public SimNode(SimCluster cluster, int number)
    {
        _cluster = cluster;
        Name = $"node-{number}";
        Address = new IPAddress([10, 70, 0, (byte)(10 + number)]);
        Mac = new PhysicalAddress([2, 0, 0, 0, 0, (byte)number]);
        _clockOffset = TimeSpan.FromSeconds(cluster.Random.Next(1, 1000));
        _clockRate = 1 + ((cluster.Random.NextDouble() - 0.5) / 2500);
    }

    public string Name { get; }

    public IPAddress Address { get; }

    public PhysicalAddress Mac { get; }

    public bool Alive => _machine is not null;

    public bool Paused { get; private set; }

    public bool Carrier { get; private set; } = true;

    public bool Stopping { get; private set; }

    public ulong Epoch { get; private set; }

    public List<(TimeSpan At, FailoverAction.HolderChanged Change)> Changes { get; } = [];

    public List<FailoverAction.Conflict> Conflicts { get; } = [];

    public List<FailoverAction.MoveGivenUp> GivenUp { get; } = [];

    public ImmutableArray<AddressFailoverView> Views => _machine?.Views() ?? [];

    /// <summary>The speaker would answer an ARP request at this moment: what the deadline says, not what the machine thinks.</summary>
    public bool Answers(IPAddress address) =>
        Alive && !Paused && Carrier && _held.TryGetValue(address, out var deadline) && LocalTime() <= deadline;

    public bool IsCandidate(IPAddress address) => Lists(address, this);

    /// <summary>In this node's snapshot the other may hold the address.</summary>
    public bool Lists(IPAddress address, SimNode other) => _snapshot.VirtualIps.Any(vip =>
        vip.Addresses.Any(intent => intent.Address.Equals(address) && intent.Candidates.Contains(other.Name)));

    public void Start()
    {
        if (Alive)
        {
            return;
        }

        _life++;
        Epoch++;
        Paused = false;
        Stopping = false;
        _backlog.Clear();
        _machine = new FailoverMachine(Name, _disk);
        Give((machine, now) => machine.SetInterfaces(now, Interfaces()));
        Give((machine, now) => machine.ApplySnapshot(now, _snapshot));
        Give((machine, now) => machine.SetControllerConnected(now, _cluster.ControllerReachable));
    }

    public void Kill()
    {
        _machine = null;
        _held.Clear();
        Paused = false;
        _backlog.Clear();
    }

    public void RequestStop()
    {
        if (Alive)
        {
            Stopping = true;
            Give((machine, now) => machine.RequestStop(now));
        }
    }

    public void Pause() => Paused = Alive;

    public void Resume()
    {
        if (!Paused)
        {
            return;
        }

        Paused = false;

        // Whether the timer or the full socket is looked at first is up to the scheduler.
        if (_cluster.Random.Next(2) == 0)
        {
            Give((machine, now) => machine.Tick(now));
        }

        while (!Paused && _backlog.TryDequeue(out var waiting))
        {
            Give(waiting);
        }

        Give((machine, now) => machine.Tick(now));
    }

    public void SetCarrier(bool up)
    {
        Carrier = up;
        Give((machine, now) => machine.SetInterfaces(now, Interfaces()));
    }

    public void SetController(bool connected) => Give((machine, now) => machine.SetControllerConnected(now, connected));

    public void SetGateway(bool? reachable) =>
        Give((machine, now) => machine.SetGatewayReachable(now, "eth0", AddressFamily.InterNetwork, reachable));

    /// <summary>The stream from the controller keeps its order.</summary>
    public void Apply(ClusterSnapshot snapshot)
    {
        if (snapshot.Revision <= _snapshot.Revision)
        {
            return;
        }

        _snapshot = snapshot;
        Give((machine, now) => machine.ApplySnapshot(now, snapshot));
    }

    public void Receive(Heartbeat heartbeat) => Give((machine, now) => machine.HeartbeatReceived(now, heartbeat));

    public void SeeClaim(IPAddress address, PhysicalAddress mac) =>
        Give((machine, now) => machine.ClaimObserved(now, address, mac));

    public ImmutableArray<NodeInterface> Interfaces() =>
    [
        new NodeInterface
        {
            Name = "eth0",
            Index = 2,
            MacAddress = Mac,
            Up = Carrier,
            Addresses = [new InterfaceAddress(Address, IPNetwork.Parse("10.70.0.0/24"))],
        },
    ];

    private TimeSpan LocalTime() => _clockOffset + (_cluster.Now * _clockRate);

    private void Give(Action<FailoverMachine, TimeSpan> input)
    {
        if (_machine is null)
        {
            return;
        }

        if (Paused)
        {
            _backlog.Enqueue(input);
            return;
        }

        input(_machine, LocalTime());
    }

    private void Give(Func<FailoverMachine, TimeSpan, IReadOnlyList<FailoverAction>> input) =>
        Give((FailoverMachine machine, TimeSpan now) =>
        {
            foreach (var action in input(machine, now))
            {
                Execute(action);
            }

            if (machine.IsStopped)
            {
                Kill();
                return;
            }

            ScheduleWakeup(machine);
        });

    private void ScheduleWakeup(FailoverMachine machine)
    {
        if (machine.NextWakeup == TimeSpan.MaxValue)
        {
            return;
        }

        var at = (machine.NextWakeup - _clockOffset) / _clockRate;
        var life = _life;
        var wanted = machine.NextWakeup;
        _cluster.At(at + _cluster.TimerJitter(), () =>
        {
            // Another input may have moved the wake-up on meanwhile.
            if (_machine is not null && _life == life && _machine.NextWakeup == wanted)
            {
                Give((m, now) => m.Tick(now));
            }
        });
    }

    private void Execute(FailoverAction action)
    {
        switch (action)
        {
            case FailoverAction.PersistTerm persist:
                _disk[persist.Address] = persist.Highest;
                break;
            case FailoverAction.Hold hold:
                hold.Term.ShouldBeGreaterThan(_claimed.GetValueOrDefault(hold.Address), $"{Name} claims again under a used term");
                hold.Term.ShouldBeLessThanOrEqualTo(_disk[hold.Address], $"{Name} claims under a term that is not durable");
                _claimed[hold.Address] = hold.Term;
                _held[hold.Address] = hold.Deadline;
                _cluster.Announced(this, hold.Address);
                break;
            case FailoverAction.Announce announce:
                _held.ShouldContainKey(announce.Address);
                _cluster.Announced(this, announce.Address);
                break;
            case FailoverAction.ExtendDeadline extend:
                _held.ShouldContainKey(extend.Address);
                extend.Deadline.ShouldBeGreaterThan(_held[extend.Address]);
                _held[extend.Address].ShouldBeGreaterThanOrEqualTo(LocalTime(), $"{Name} revives a deadline that passed");
                _held[extend.Address] = extend.Deadline;
                break;
            case FailoverAction.Release release:
                _held.Remove(release.Address).ShouldBeTrue($"{Name} released {release.Address} that it did not hold");
                break;
            case FailoverAction.SendHeartbeat send:
                _cluster.Send(this, send.Peer, new Heartbeat
                {
                    Sender = Name,
                    Epoch = Epoch,
                    Revision = _snapshot.Revision,
                    HearsReceiver = send.HearsPeer,
                    Leaving = send.Leaving,
                    Claims = send.Claims,
                });
                break;
            case FailoverAction.HolderChanged changed:
                Changes.Add((_cluster.Now, changed));
                _cluster.Reported(this, changed);
                break;
            case FailoverAction.MoveGivenUp given:
                GivenUp.Add(given);
                break;
            case FailoverAction.Conflict conflict:
                Conflicts.Add(conflict);
                break;
        }
    }
}
