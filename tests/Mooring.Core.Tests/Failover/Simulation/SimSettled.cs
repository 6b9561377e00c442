namespace Mooring.Core.Tests.Failover.Simulation;

/// <summary>What holds of a cluster that was left alone for a while, and what it then does about a single fault.</summary>
internal sealed class SimSettled(SimCluster cluster, SimWatch watch)
{
    /// <summary>Every group of nodes that hear each other has one holder of each address that one of them may hold.</summary>
    public void ExpectOneHolderInEveryGroup()
    {
        foreach (var group in Groups())
        {
            for (var address = 0; address < cluster.Addresses.Length; address++)
            {
                var holders = group.Where(node => node.Answers(address)).ToArray();
                var candidates = group.Where(node => node.IsCandidate(address)).ToArray();
                var able = candidates.Count(node => MayHold(node, address, group));
                watch.Expect(holders.Length <= 1 && (holders.Length == 1 || able == 0), address,
                    $"holders in a group of {group.Length} with {candidates.Length} candidates, {able} of them able: "
                    + $"[{string.Join(", ", holders.Select(node => node.Name))}]");
            }
        }
    }

    /// <summary>The holder of the address, when everything is as it should be; otherwise null.</summary>
    public SimNode? Holder(int address)
    {
        if (cluster.GoodSince > cluster.Now || cluster.Controller.HasStragglers || cluster.Nodes.Any(node => node.FailingAnnouncements > 0))
        {
            return null;
        }

        var holders = cluster.Nodes.Where(node => node.Answers(address)).ToArray();
        return holders is [{ Halted: false, Stopping: false } holder] && holder.IsCandidate(address) ? holder : null;
    }

    /// <summary>Nodes that take over when the holder is gone, in the order in which they do.</summary>
    public SimNode[] Line(SimNode holder, int address)
    {
        var fit = holder.Candidates(address).Select(name => cluster[name])
            .Where(node => node != holder && node is { Alive: true, Halted: false, Carrier: true, Stopping: false }
                && node.Candidates(address).SequenceEqual(holder.Candidates(address)))
            .ToArray();
        return [.. fit.Where(node => MayHold(node, address, fit))];
    }

    /// <summary>How long a node waits in whose line are those before it that it hears.</summary>
    public TimeSpan Wait(SimNode holder, SimNode node, int address) => cluster.DetectOf(address)
        * (1 + holder.Candidates(address).TakeWhile(name => name != node.Name)
            .Count(name => name != holder.Name && cluster[name] is { Alive: true, Halted: false, Carrier: true }));

    /// <summary>It hears something that shows that it is not cut off.</summary>
    private bool MayHold(SimNode node, int address, IReadOnlyCollection<SimNode> group) =>
        node.ControllerConnected || node.Gateway != false
        || node.Candidates(address).All(name => name == node.Name)
        || group.Any(other => other != node && node.Lists(address, other) && Shares(other, node));

    private bool Shares(SimNode from, SimNode to)
    {
        for (var address = 0; address < cluster.Addresses.Length; address++)
        {
            if (from.IsCandidate(address) && from.Lists(address, to))
            {
                return true;
            }
        }

        return false;
    }

    private IEnumerable<SimNode[]> Groups()
    {
        var running = cluster.Nodes.Where(node => node is { Alive: true, Halted: false, Carrier: true, Stopping: false }).ToArray();
        return running.GroupBy(node => running.First(other => other == node || cluster.CanHear(node, other)))
            .Select(group => group.ToArray());
    }
}
