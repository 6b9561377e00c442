using System.Collections.Immutable;
using System.Net;
using Mooring.Controller.World;
using Mooring.Core.Placement;

namespace Mooring.Controller.Snapshots;

/// <summary>Puts the world before <see cref="MovePlanner"/> and its plan into the evaluations. Pure.</summary>
internal static class MovePlanning
{
    public static MovePlan Plan(
        IEnumerable<VirtualIpEvaluation> vips, IReadOnlyDictionary<IPAddress, string> holders, ClusterWorld world)
    {
        var published = (world.Published?.VirtualIps ?? [])
            .SelectMany(vip => vip.Addresses)
            .DistinctBy(intent => intent.Address)
            .ToDictionary(intent => intent.Address, intent => intent.Candidates);
        var accepted = vips.Where(vip => vip.Accepted).ToArray();
        var objects = new Lazy<ILookup<IPAddress, string>>(() => accepted
            .SelectMany(vip => vip.Settings.Addresses.SelectMany(address => ObjectsOf(vip).Select(name => (address, name))))
            .ToLookup(entry => entry.address, entry => entry.name));
        return MovePlanner.Plan(
            accepted.SelectMany(vip => vip.Placements).DistinctBy(placement => placement.Address),
            new MoveContext
            {
                Now = world.Clock,
                Holders = holders,
                Moves = world.Moves,
                Applied = world.Agents.Values
                    .Where(agent => agent.Presence == AgentPresence.Connected)
                    .ToImmutableDictionary(agent => agent.Node, agent => agent.AppliedRevision),
                Published = world.Published?.Revision ?? 0,
                PublishedCandidates = published,
                Refuses = (node, address) => world.Refusals.TryGetValue(node, out var refusals)
                    && refusals.Any(refusal => objects.Value[address].Contains(refusal.Object)),
            },
            world.Policy.Moves);
    }

    public static VirtualIpEvaluation[] Join(VirtualIpEvaluation[] vips, MovePlan plan) =>
    [
        .. vips.Select(vip => vip.Accepted
            ? vip with
            {
                Planned = [.. vip.Settings.Addresses.Select(address => plan.Addresses[address])],
                Moves = [.. vip.Settings.Addresses.Select(address => plan.Moves.GetValueOrDefault(address))],
            }
            : vip),
    ];

    /// <summary>The next time at which a move is due or given up, or a node is forgiven.</summary>
    public static TimeSpan? NextCheck(MovePlan plan, IEnumerable<NodeFacts> nodes, ClusterWorld world) => nodes
        .Select(node => node.RecentFailure is { } failure ? world.Clock + (failure.Until - world.Now) : (TimeSpan?)null)
        .Append(plan.NextCheck)
        .Min();

    private static IEnumerable<string> ObjectsOf(VirtualIpEvaluation vip) =>
        vip.Ports.Select(port => port.Set?.Id).OfType<string>().Append(vip.Settings.Key.ToString());
}
