using System.Collections.Immutable;
using System.Net;
using Mooring.Core.Failover;

namespace Mooring.Core.Tests.Failover.Simulation;

/// <summary>Nodes on one segment under virtual time, with a network that can be made as bad as a test wants.</summary>
internal sealed class SimCluster
{
    private const int Recorded = 64;

    /// <summary>By time in ticks; what happens at the same time keeps its order.</summary>
    private readonly PriorityQueue<SimEvent, (long At, long Order)> _events = new();
    private readonly Dictionary<IPAddress, int> _indexes = [];
    private readonly bool[,] _blocked;
    private readonly List<SimEvent> _tape = [];
    private long _order;

    public SimCluster(int seed, int nodes, int addresses, FailoverRules? rules = null)
    {
        Random = new Random(seed);
        Rules = rules ?? FailoverRules.Default;
        Addresses = [.. Enumerable.Range(1, addresses).Select(i => new IPAddress([10, 70, 0, (byte)(100 + i)]))];
        foreach (var address in Addresses)
        {
            _indexes.Add(address, _indexes.Count);
        }

        _blocked = new bool[nodes, nodes];
        NodeCount = nodes;
        HeldBy = new int[addresses];
        AskedAt = new TimeSpan[addresses];
        Nodes = [.. Enumerable.Range(0, nodes).Select(index => new SimNode(this, index))];
        Controller = new SimController(this);
    }

    public Random Random { get; }

    public FailoverRules Rules { get; }

    public int NodeCount { get; }

    public ImmutableArray<SimNode> Nodes { get; }

    public ImmutableArray<IPAddress> Addresses { get; }

    public SimController Controller { get; }

    /// <summary>Looks at everything that happens, when there is one.</summary>
    public SimWatch? Watch { get; set; }

    public TimeSpan Now { get; private set; }

    /// <summary>Shortest interval; every further address may have a multiple of it.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromMilliseconds(100);

    public int Multiplier { get; init; } = 3;

    /// <summary>The second address has this many times the interval of the first, the third again the first's.</summary>
    public int SlowFactor { get; init; } = 1;

    public TimeSpan Detect => Interval * Multiplier;

    /// <summary>Share of packets lost.</summary>
    public double Loss { get; set; }

    /// <summary>Longest time a packet travels.</summary>
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromMilliseconds(1);

    /// <summary>What a slow network adds to that.</summary>
    public TimeSpan ExtraDelay { get; set; }

    /// <summary>Longest time a timer is late.</summary>
    public TimeSpan MaxTimerJitter { get; set; } = TimeSpan.FromMilliseconds(2);

    /// <summary>Somebody on the segment sends recorded packets again.</summary>
    public bool Replaying { get; set; }

    /// <summary>How many faults came about some time after they were set off.</summary>
    public int LateFaults { get; set; }

    /// <summary>When a node last could not announce an address; it waits a second before it tries again.</summary>
    public TimeSpan? AnnouncementFailedAt { get; set; }

    /// <summary>Since when packets have arrived, all of them and in time, between any two nodes with carrier.</summary>
    public TimeSpan GoodSince { get; private set; }

    /// <summary>How many nodes' speakers were told to answer for each address.</summary>
    public int[] HeldBy { get; }

    /// <summary>When a holder last asked others to take over each address.</summary>
    public TimeSpan[] AskedAt { get; }

    /// <summary>How often a node took each address.</summary>
    public int Takeovers(int address) => Nodes.Sum(node => node.Taken[address]);

    public SimNode this[string name] => Nodes[name[^1] - '1'];

    public TimeSpan IntervalOf(int address) => address % 2 == 1 ? Interval * SlowFactor : Interval;

    public TimeSpan DetectOf(int address) => IntervalOf(address) * Multiplier;

    public int IndexOf(IPAddress address) => _indexes[address];

    /// <summary>Publishes the candidates of every address and starts all nodes.</summary>
    public void Start(Func<IPAddress, ImmutableArray<string>>? candidates = null)
    {
        Controller.Start(candidates ?? (_ => [.. Nodes.Select(node => node.Name)]));
        foreach (var node in Nodes)
        {
            node.Start();
        }
    }

    public void At(TimeSpan time, Action action) => Enqueue(time, new SimEvent(action, 0, 0, 0, 0));

    public void Enqueue(TimeSpan time, in SimEvent what) =>
        _events.Enqueue(what, ((time > Now ? time : Now).Ticks, _order++));

    public void Advance(TimeSpan by, Action? onEveryStep = null)
    {
        var until = Now + by;
        while (_events.TryPeek(out var next, out var key) && key.At <= until.Ticks)
        {
            _events.Dequeue();
            Now = new TimeSpan(key.At);
            Happen(next);
            Watch?.AfterEvent();
            onEveryStep?.Invoke();
        }

        Now = until;
    }

    public TimeSpan TimerJitter() => MaxTimerJitter * Random.NextDouble();

    public void Block(string from, string to)
    {
        _blocked[this[from].Index, this[to].Index] = from != to;
        Disturbed();
    }

    /// <summary>Cuts the network in two without anyone losing carrier.</summary>
    public void Split(IReadOnlyCollection<string> side)
    {
        foreach (var a in Nodes)
        {
            foreach (var b in Nodes)
            {
                _blocked[a.Index, b.Index] |= side.Contains(a.Name) != side.Contains(b.Name);
            }
        }

        Disturbed();
    }

    public void HealNetwork()
    {
        Array.Clear(_blocked);
        Loss = 0;
        ExtraDelay = TimeSpan.Zero;
        Disturbed();
    }

    /// <summary>From now on packets may have been lost or late, until told again.</summary>
    public void Disturbed() =>
        GoodSince = Loss > 0 || ExtraDelay > TimeSpan.Zero || HasBlocks() ? TimeSpan.MaxValue : Now + MaxDelay;

    public bool HasBlocks()
    {
        foreach (var blocked in _blocked)
        {
            if (blocked)
            {
                return true;
            }
        }

        return false;
    }

    public bool CanHear(SimNode a, SimNode b) =>
        a.Carrier && b.Carrier && !_blocked[a.Index, b.Index] && !_blocked[b.Index, a.Index];

    /// <summary>No one-way block, and no node that hears some but not all of a group.</summary>
    public bool IsTransitive()
    {
        foreach (var a in Nodes)
        {
            foreach (var b in Nodes)
            {
                if (_blocked[a.Index, b.Index] != _blocked[b.Index, a.Index])
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

    public IEnumerable<SimNode> Holders(IPAddress address) => Nodes.Where(node => node.Answers(IndexOf(address)));

    public void Send(SimNode from, string to, Heartbeat heartbeat, long sequence)
    {
        foreach (var claim in heartbeat.Claims)
        {
            if (claim.Kind is ClaimKind.Handover or ClaimKind.Yielding)
            {
                AskedAt[IndexOf(claim.Address)] = Now;
            }
        }

        var packet = new SimEvent(heartbeat, sequence, from.Index, this[to].Index, 0);
        if (!from.Carrier)
        {
            return;
        }

        for (var copies = Random.Next(50) == 0 ? 2 : 1; copies > 0; copies--)
        {
            if (Loss == 0 || Random.NextDouble() >= Loss)
            {
                Enqueue(Now + (MaxDelay * Random.NextDouble()) + (ExtraDelay * Random.NextDouble()), packet);
            }
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

    public void SetController(bool reachable) => Controller.SetReachable(reachable);

    public void Rerank(IPAddress address, IEnumerable<string> order) => Controller.Rerank(address, order);

    public void Move(IPAddress address, string to) => Controller.Move(address, to);

    public void Tell(SimNode node, IPAddress address) => Controller.Tell(node, address);

    private void Happen(in SimEvent what)
    {
        switch (what.What)
        {
            case null:
                Nodes[what.To].TimerFired(what.Number, what.Life);
                break;
            case Heartbeat heartbeat:
                if (Nodes[what.To].Carrier && !_blocked[what.From, what.To])
                {
                    Nodes[what.To].Receive(what.From, heartbeat, what.Number);
                    Record(what);
                }

                break;
            case Action action:
                action();
                break;
        }
    }

    /// <summary>
    /// Keeps some packets of all ages, and now and then sends one of them again. Not those whose sender had not heard the
    /// receiver yet: one of them is believed by a node that was restarted since and hears nothing else of the sender.
    /// </summary>
    private void Record(in SimEvent packet)
    {
        if (!Replaying || packet.What is Heartbeat { ReceiverEpoch: 0 })
        {
            return;
        }

        if (_tape.Count < Recorded)
        {
            _tape.Add(packet);
        }
        else if (Random.Next(8) == 0)
        {
            _tape[Random.Next(Recorded)] = packet;
        }

        if (Random.Next(4) == 0)
        {
            Enqueue(Now + MaxDelay, _tape[Random.Next(_tape.Count)]);
        }
    }
}
