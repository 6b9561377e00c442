using System.Collections.Immutable;
using System.Net;
using Mooring.Core.Failover;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Tests.Failover.Simulation;

/// <summary>Nodes on one segment under virtual time, with a network that can be made as bad as a test wants.</summary>
internal sealed class SimCluster
{
    private readonly PriorityQueue<Action, (TimeSpan At, long Order)> _events = new();
    private readonly HashSet<(string From, string To)> _blocked = [];
    private readonly Dictionary<IPAddress, (string Holder, ulong Term)> _known = [];
    private Dictionary<IPAddress, ImmutableArray<string>> _candidates = [];
    private readonly Dictionary<IPAddress, MoveIntent> _moves = [];
    private ulong _lastMove;
    private long _order;
    private ulong _revision;

    public SimCluster(int seed, int nodes, int addresses)
    {
        Random = new Random(seed);
        Nodes = [.. Enumerable.Range(1, nodes).Select(number => new SimNode(this, number))];
        Addresses = [.. Enumerable.Range(1, addresses).Select(i => new IPAddress([10, 70, 0, (byte)(100 + i)]))];
    }

    public Random Random { get; }

    public ImmutableArray<SimNode> Nodes { get; }

    public ImmutableArray<IPAddress> Addresses { get; }

    public TimeSpan Now { get; private set; }

    public TimeSpan Interval { get; init; } = TimeSpan.FromMilliseconds(100);

    public int Multiplier { get; init; } = 3;

    public TimeSpan Detect => Interval * Multiplier;

    /// <summary>Share of packets lost.</summary>
    public double Loss { get; set; }

    /// <summary>Longest time a packet travels.</summary>
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromMilliseconds(1);

    /// <summary>Longest time a timer is late.</summary>
    public TimeSpan MaxTimerJitter { get; set; } = TimeSpan.FromMilliseconds(2);

    public bool ControllerReachable { get; private set; } = true;

    public SimNode this[string name] => Nodes.Single(node => node.Name == name);

    /// <summary>Publishes the candidates of every address and starts all nodes.</summary>
    public void Start(Func<IPAddress, ImmutableArray<string>>? candidates = null)
    {
        candidates ??= _ => [.. Nodes.Select(node => node.Name)];
        _candidates = Addresses.ToDictionary(address => address, candidates);
        foreach (var node in Nodes)
        {
            node.Apply(Snapshot());
            node.Start();
        }
    }

    public void At(TimeSpan time, Action action) => _events.Enqueue(action, (time > Now ? time : Now, _order++));

    public void Advance(TimeSpan by, Action? onEveryStep = null)
    {
        var until = Now + by;
        while (_events.TryPeek(out var action, out var key) && key.At <= until)
        {
            _events.Dequeue();
            Now = key.At;
            action();
            onEveryStep?.Invoke();
        }

        Now = until;
    }

    public TimeSpan TimerJitter() => MaxTimerJitter * Random.NextDouble();

    public void Block(string from, string to) => _blocked.Add((from, to));

    /// <summary>Cuts the network in two without anyone losing carrier.</summary>
    public void Split(IReadOnlyCollection<string> side)
    {
        foreach (var a in Nodes.Select(node => node.Name))
        {
            foreach (var b in Nodes.Select(node => node.Name))
            {
                if (side.Contains(a) != side.Contains(b))
                {
                    Block(a, b);
                }
            }
        }
    }

    public void HealNetwork()
    {
        _blocked.Clear();
        Loss = 0;
    }

    public bool HasBlocks => _blocked.Count > 0;

    public bool CanHear(SimNode a, SimNode b) =>
        a.Carrier && b.Carrier && !_blocked.Contains((a.Name, b.Name)) && !_blocked.Contains((b.Name, a.Name));

    /// <summary>A one-way block, or a node that hears some but not all of a group.</summary>
    public bool IsTransitive()
    {
        foreach (var a in Nodes)
        {
            foreach (var b in Nodes)
            {
                if (_blocked.Contains((a.Name, b.Name)) != _blocked.Contains((b.Name, a.Name)))
                {
                    return false;
                }

                foreach (var c in Nodes)
                {
                    if (a != b && b != c && a != c && CanHear(a, b) && CanHear(b, c) && !CanHear(a, c))
                    {
                        return false;
                    }
                }
            }
        }

        return true;
    }

    public IEnumerable<SimNode> Holders(IPAddress address) => Nodes.Where(node => node.Answers(address));

    public void Send(SimNode from, string to, Heartbeat heartbeat)
    {
        var copies = Random.Next(50) == 0 ? 2 : 1;
        for (var i = 0; i < copies; i++)
        {
            if (Random.NextDouble() < Loss || !from.Carrier)
            {
                continue;
            }

            At(Now + (MaxDelay * Random.NextDouble()), () =>
            {
                var receiver = this[to];
                if (receiver.Carrier && !_blocked.Contains((from.Name, to)))
                {
                    receiver.Receive(heartbeat);
                }
            });
        }
    }

    public void Announced(SimNode from, IPAddress address)
    {
        foreach (var node in Nodes)
        {
            if (node != from && CanHear(from, node))
            {
                At(Now + (MaxDelay * Random.NextDouble()), () => node.SeeClaim(address, from.Mac));
            }
        }
    }

    public void SetController(bool reachable)
    {
        ControllerReachable = reachable;
        foreach (var node in Nodes)
        {
            node.SetController(reachable);
        }
    }

    public void Reported(SimNode node, FailoverAction.HolderChanged change)
    {
        if (ControllerReachable && change.Role == AddressRole.Holder
            && change.Term >= _known.GetValueOrDefault(change.Address).Term)
        {
            _known[change.Address] = (node.Name, change.Term);
        }
    }

    /// <summary>The controller ranks anew, the holder it knows first, and every node gets that after a while.</summary>
    public void Rerank(IPAddress address, IEnumerable<string> order)
    {
        if (ControllerReachable)
        {
            var holder = _known.GetValueOrDefault(address).Holder;
            _candidates[address] = [.. order.OrderBy(name => name == holder ? 0 : 1)];
            Publish();
        }
    }

    /// <summary>The controller asks the holder to hand the address to a node.</summary>
    public void Move(IPAddress address, string to)
    {
        _moves[address] = new MoveIntent(++_lastMove, to);
        Publish();
    }

    /// <summary>One node hears from the controller that it alone may hold the address; the others do not.</summary>
    public void Tell(SimNode node, IPAddress address)
    {
        var before = _candidates[address];
        _candidates[address] = [node.Name];
        node.Apply(Snapshot());
        _candidates[address] = before;
    }

    private void Publish()
    {
        var snapshot = Snapshot();
        foreach (var node in Nodes)
        {
            At(Now + (TimeSpan.FromMilliseconds(50) * Random.NextDouble()), () => node.Apply(snapshot));
        }
    }

    private ClusterSnapshot Snapshot() => new()
    {
        Revision = ++_revision,
        Nodes = [.. Nodes.Select(node => new NodePeer { Name = node.Name, Interfaces = node.Interfaces() })],
        VirtualIps = [.. Addresses.Select(address => new VirtualIpIntent
        {
            Key = new NamespacedName("default", $"vip-{address}"),
            HeartbeatInterval = Interval,
            DetectMultiplier = Multiplier,
            Addresses =
            [
                new AddressIntent
                {
                    Address = address,
                    Candidates = _candidates[address],
                    Term = _known.GetValueOrDefault(address).Term,
                    Move = _moves.GetValueOrDefault(address),
                },
            ],
        })],
    };
}
