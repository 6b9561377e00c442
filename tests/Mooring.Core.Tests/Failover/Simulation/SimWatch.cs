using System.Net;

namespace Mooring.Core.Tests.Failover.Simulation;

/// <summary>Looks at a running cluster and fails the test when something that must hold does not.</summary>
internal sealed class SimWatch(SimCluster cluster)
{
    private readonly Dictionary<(IPAddress Address, SimNode A, SimNode B), (TimeSpan Since, bool Lossy)> _overlaps = [];
    private readonly Dictionary<(string Node, ulong Epoch, IPAddress Address), ulong> _terms = [];

    /// <summary>
    /// How long two nodes that hear each other may both answer: until one heartbeat has got through, which is an
    /// interval and a packet's way there and back; much longer where packets are lost.
    /// </summary>
    public TimeSpan MaxOverlap => cluster.Interval + (3 * cluster.MaxDelay) + (2 * cluster.MaxTimerJitter);

    public TimeSpan MaxLossyOverlap => cluster.Interval * 15;

    /// <summary>Where neither takes the other for a candidate, the slow heartbeats to every node have to do it.</summary>
    public TimeSpan MaxStrangersOverlap => MaxOverlap + TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long an address may be without holder after the last fault: the last standby in line waits a detection time
    /// for each before it, and a fenced holder half a one more.
    /// </summary>
    public TimeSpan MaxVacancy => (cluster.Detect * (cluster.Nodes.Length + 1.5)) + cluster.Interval;

    public TimeSpan LongestOverlap { get; private set; }

    public void LookForOverlaps()
    {
        foreach (var address in cluster.Addresses)
        {
            for (var i = 0; i < cluster.Nodes.Length; i++)
            {
                for (var j = i + 1; j < cluster.Nodes.Length; j++)
                {
                    Look(address, cluster.Nodes[i], cluster.Nodes[j]);
                }
            }
        }
    }

    public void LookForTermsThatShrink()
    {
        foreach (var node in cluster.Nodes)
        {
            foreach (var view in node.Views)
            {
                var key = (node.Name, node.Epoch, view.Address);
                view.Term.ShouldBeGreaterThanOrEqualTo(_terms.GetValueOrDefault(key), $"term of {view.Address} at {node.Name}");
                _terms[key] = view.Term;
            }
        }
    }

    /// <summary>After a quiet time: every group of nodes that hear each other has one holder if it has a candidate.</summary>
    public void ExpectOneHolderInEveryGroup()
    {
        var groups = cluster.Nodes
            .Where(node => node.Alive && !node.Paused && node.Carrier && !node.Stopping)
            .GroupBy(node => cluster.Nodes.First(other => other == node
                || (other.Alive && !other.Paused && !other.Stopping && cluster.CanHear(node, other))));
        foreach (var group in groups)
        {
            foreach (var address in cluster.Addresses)
            {
                var holders = group.Where(node => node.Answers(address)).Select(node => node.Name).ToArray();
                var candidates = group.Count(node => node.IsCandidate(address));
                if (candidates > 0)
                {
                    holders.Length.ShouldBe(1, $"holders of {address} at {cluster.Now} in a group of {group.Count()}"
                        + $" with {candidates} candidates: [{string.Join(", ", holders)}]\n{Dump(address)}");
                }
            }
        }
    }

    public string Dump(IPAddress address) => string.Join('\n', cluster.Nodes.Select(node =>
        $"{node.Name} alive {node.Alive} paused {node.Paused} carrier {node.Carrier} stopping {node.Stopping} "
        + $"candidate {node.IsCandidate(address)} {node.Views.SingleOrDefault(view => view.Address.Equals(address))}"
        + $"\n    {string.Join("\n    ", node.Changes.Where(c => c.Change.Address.Equals(address)).Select(c =>
            $"{c.At} {c.Change.Role} {c.Change.Term} {c.Change.Reason}"))}"));

    private void Look(IPAddress address, SimNode a, SimNode b)
    {
        var key = (address, a, b);
        if (!a.Answers(address) || !b.Answers(address) || !cluster.CanHear(a, b))
        {
            _overlaps.Remove(key);
            return;
        }

        var lossy = cluster.Loss > 0;
        var strangers = !a.Lists(address, b) && !b.Lists(address, a);
        if (!_overlaps.TryGetValue(key, out var overlap))
        {
            _overlaps[key] = (cluster.Now, lossy);
            return;
        }

        _overlaps[key] = overlap with { Lossy = overlap.Lossy || lossy };
        var lasted = cluster.Now - overlap.Since;
        LongestOverlap = lasted > LongestOverlap ? lasted : LongestOverlap;
        lasted.ShouldBeLessThanOrEqualTo(
            overlap.Lossy || lossy ? MaxLossyOverlap + MaxStrangersOverlap : strangers ? MaxStrangersOverlap : MaxOverlap,
            $"{a.Name} and {b.Name} hear each other and both answer for {address} at {cluster.Now}\n{Dump(address)}");
    }
}
