namespace Mooring.Core.Tests.Failover.Simulation;

/// <summary>One fault in a cluster that is well: the address has to be elsewhere by an exact time, taken by one node.</summary>
internal sealed class SingleFault(SimCluster cluster, SimWatch watch, SimSettled settled, Random random)
{
    /// <summary>Nothing is done when the cluster is in no state for it.</summary>
    public void TryRun(Action<TimeSpan> advance)
    {
        var address = random.Next(cluster.Addresses.Length);
        if (settled.Holder(address) is not { } holder || settled.Line(holder, address) is not [var first, ..] line)
        {
            return;
        }

        var late = cluster.LateFaults;
        var taken = cluster.Takeovers(address);
        var wait = settled.Wait(holder, first, address);
        var limit = wait;
        SimNode? target = null;
        switch (random.Next(9))
        {
            case 0:
                holder.Kill();
                break;
            case 1:
                holder.Pause();
                break;
            case 2:
                holder.Stall();
                break;
            case 3:
                holder.Freeze();
                break;
            case 4:
                holder.SetCarrier(up: false);
                break;
            case 5:
                holder.RequestStop();
                limit = 3 * watch.Hop;
                break;
            case 6 when cluster.Addresses.Length == 1 && line is [_, var second, ..]:
                // The first one takes it, cannot announce it, and says so.
                first.FailingAnnouncements = 1;
                holder.Kill();
                limit += watch.Hop + settled.Wait(holder, second, address) - (2 * cluster.DetectOf(address)) + cluster.IntervalOf(address);
                taken++;
                break;
            case 7:
                holder.Kill();
                advance(cluster.IntervalOf(address) * random.NextDouble() * 0.9);
                holder.Start();
                limit = wait - cluster.DetectOf(address) + watch.Hop;
                break;
            default:
                target = line[random.Next(line.Length)];
                if (!cluster.Controller.Reachable || !holder.ControllerConnected || !target.ControllerConnected
                    || !cluster.Controller.Knows(cluster.Addresses[address], holder.Name, holder.Claimed[address]))
                {
                    return;
                }

                cluster.Move(cluster.Addresses[address], target.Name);
                limit = SimController.MaxDelay + (3 * watch.Hop);
                break;
        }

        advance(limit + watch.Hop + TimeSpan.FromMilliseconds(1));
        if (cluster.LateFaults != late)
        {
            return;
        }

        var holders = cluster.Nodes.Where(node => node.Answers(address)).ToArray();
        watch.Expect(holders.Length == 1 && holders[0] != holder && (target is null || holders[0] == target), address,
            $"{limit} after {holder.Name} was lost or asked to go{(target is null ? "" : $" to {target.Name}")}, the holders are "
            + $"[{string.Join(", ", holders.Select(node => node.Name))}]");
        watch.Expect(cluster.Takeovers(address) == taken + 1, address,
            $"{cluster.Takeovers(address) - taken} nodes took the address of {holder.Name} at the same time");
    }
}
