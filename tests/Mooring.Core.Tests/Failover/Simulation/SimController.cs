using System.Collections.Immutable;
using System.Net;
using Mooring.Core.Failover;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Tests.Failover.Simulation;

/// <summary>The controller: ranks the nodes, hears who holds what, and sends numbered snapshots.</summary>
internal sealed class SimController(SimCluster cluster)
{
    private readonly Dictionary<IPAddress, (string Holder, ulong Term)> _known = [];
    private readonly Dictionary<IPAddress, MoveIntent> _moves = [];
    private Dictionary<IPAddress, ImmutableArray<string>> _candidates = [];
    private ClusterSnapshot _latest = ClusterSnapshot.Empty;
    private ulong _lastMove;
    private ulong _revision;

    /// <summary>Longest time a snapshot takes to a node.</summary>
    public static readonly TimeSpan MaxDelay = TimeSpan.FromMilliseconds(50);

    public bool Reachable { get; private set; } = true;

    /// <summary>Some nodes work from an older snapshot than others.</summary>
    public bool HasStragglers => cluster.Nodes.Any(node => node.Snapshot.Revision < _latest.Revision);

    /// <summary>The controller has heard of the claim the address is held under.</summary>
    public bool Knows(IPAddress address, string holder, ulong term) => _known.GetValueOrDefault(address) == (holder, term);

    public void Start(Func<IPAddress, ImmutableArray<string>> candidates)
    {
        _candidates = cluster.Addresses.ToDictionary(address => address, candidates);
        _latest = Snapshot();
        foreach (var node in cluster.Nodes)
        {
            node.Apply(_latest);
        }
    }

    /// <summary>A controller that is back takes over what the agents tell it.</summary>
    public void SetReachable(bool reachable)
    {
        Reachable = reachable;
        foreach (var node in cluster.Nodes)
        {
            Connect(node);
        }
    }

    public void Connect(SimNode node)
    {
        node.SetController(Reachable);
        if (Reachable)
        {
            node.ReportAll();
            node.Apply(_latest);
        }
    }

    public void Reported(string node, IPAddress address, ulong term)
    {
        if (Reachable && term >= _known.GetValueOrDefault(address).Term)
        {
            _known[address] = (node, term);
        }
    }

    /// <summary>The controller ranks anew, the holder it knows first, and every node gets that after a while.</summary>
    public void Rerank(IPAddress address, IEnumerable<string> order)
    {
        if (Reachable)
        {
            var holder = _known.GetValueOrDefault(address).Holder;
            _candidates[address] = [.. order.OrderBy(name => name == holder ? 0 : 1)];
            _moves.Remove(address);
            Publish();
        }
    }

    /// <summary>The controller publishes other heartbeat intervals. Some nodes hear of it much later than others.</summary>
    public void Retime(TimeSpan interval, TimeSpan maxDelay)
    {
        cluster.Interval = interval;
        Publish(maxDelay);
    }

    /// <summary>The controller asks the holder to hand the address to a node.</summary>
    public void Move(IPAddress address, string to)
    {
        if (Reachable)
        {
            _moves[address] = new MoveIntent(++_lastMove, to);
            Publish();
        }
    }

    /// <summary>One node hears from the controller that it alone may hold the address; the others do not.</summary>
    public void Tell(SimNode node, IPAddress address)
    {
        var before = _candidates[address];
        _candidates[address] = [node.Name];
        node.Apply(Snapshot());
        _candidates[address] = before;
    }

    private static void Deliver(SimNode node, ClusterSnapshot snapshot)
    {
        if (node.ControllerConnected)
        {
            node.Apply(snapshot);
        }
    }

    private void Publish() => Publish(MaxDelay);

    private void Publish(TimeSpan maxDelay)
    {
        var snapshot = _latest = Snapshot();
        foreach (var node in cluster.Nodes)
        {
            cluster.At(cluster.Now + (maxDelay * cluster.Random.NextDouble()), () => Deliver(node, snapshot));
        }
    }

    private ClusterSnapshot Snapshot() => new()
    {
        Revision = ++_revision,
        Nodes = [.. cluster.Nodes.Select(node => new NodePeer { Name = node.Name, Interfaces = node.Interfaces() })],
        VirtualIps = [.. cluster.Addresses.Select((address, index) => new VirtualIpIntent
        {
            Key = new NamespacedName("default", $"vip-{address}"),
            HeartbeatInterval = cluster.IntervalOf(index),
            DetectMultiplier = cluster.Multiplier,
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
