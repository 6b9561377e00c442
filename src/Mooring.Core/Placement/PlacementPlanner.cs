using System.Collections.Immutable;
using System.Net;

namespace Mooring.Core.Placement;

/// <summary>
/// Chooses a ranked list of nodes for every address: pure, deterministic, and blind to the order of its inputs.
/// </summary>
/// <remarks>
/// A live holder stays. Other addresses go to the eligible node with the largest sum of preferences, by weighted
/// rendezvous hashing among equals, as long as that node holds less than its share times
/// <see cref="PlacementOptions.LoadFactor"/>. The first standby is chosen the same way for each holder as if it had died,
/// so that the addresses of a node that dies spread over the others. A node that failed lately comes after those that
/// did not.
/// </remarks>
public static class PlacementPlanner
{
    /// <param name="addresses">Addresses to place, each once.</param>
    /// <param name="nodes">All nodes, each once.</param>
    /// <param name="currentHolders">Node that last answered for an address, by its agent's word or the status.</param>
    /// <param name="options">How to rank.</param>
    /// <param name="memory">Of the placements before, which makes this one cheaper and no different; null for none.</param>
    /// <exception cref="ArgumentException">An address or a node is named twice.</exception>
    public static IReadOnlyDictionary<IPAddress, AddressPlacement> Place(
        IReadOnlyCollection<PlacementRequest> addresses,
        IReadOnlyCollection<NodeFacts> nodes,
        IReadOnlyDictionary<IPAddress, string> currentHolders,
        PlacementOptions options,
        PlacementMemory? memory = null)
    {
        memory ??= new PlacementMemory();
        var classes = memory.Begin([.. nodes.OrderBy(node => node.Name, StringComparer.Ordinal)], options);
        if (memory.Repeat(addresses, currentHolders) is { } same)
        {
            return same;
        }

        var count = 1 + Math.Max(0, options.Standbys) + AddressPlacement.MaxSpares;
        var open = addresses
            .Select(request => memory.Rank(request, classes.Of(request, currentHolders.GetValueOrDefault(request.Address)), count))
            .OrderBy(ranked => ranked.Request.Address, IPAddressOrder.Instance)
            .ToArray();

        ChooseHolders(open, currentHolders, options);
        ChooseFirstStandbys(open, options);
        var placements = open.ToDictionary(
            ranked => ranked.Request.Address, ranked => memory.Finish(ranked, options.Standbys));
        memory.End(addresses, currentHolders, placements);
        return placements;
    }

    private static void ChooseHolders(
        RankedAddress[] open, IReadOnlyDictionary<IPAddress, string> currentHolders, PlacementOptions options)
    {
        var load = new NodeLoad();
        var weight = WeightOf(open);
        bool HasRoom(RankedNode node) => load.Of(node.Name) < Share(options, open.Length, node.Weight, weight);

        foreach (var ranked in open)
        {
            ranked.Holder = ranked.Find(ranked.Request.RequestedNode);
            if (ranked.Holder is { } requested)
            {
                load.Add(requested.Name);
            }
        }

        // Where a node has to give some up, it keeps those that it ranks best for.
        foreach (var (ranked, incumbent) in open
            .Where(ranked => ranked.Holder is null)
            .Select(ranked => (ranked, Incumbent: Incumbent(ranked, currentHolders)))
            .OrderByDescending(entry => options.Rebalance ? entry.Incumbent?.Score : 0))
        {
            if (incumbent is not null
                && (incumbent.Node.Agent == AgentPresence.Expected
                    || (ranked.Request.Sticky && (!options.Rebalance || HasRoom(incumbent)))))
            {
                ranked.Holder = incumbent;
                load.Add(incumbent.Name);
            }
        }

        foreach (var ranked in open.Where(ranked => ranked.Holder is null))
        {
            ranked.Holder = load.Choose(ranked.Ranked(), HasRoom);
            if (ranked.Holder is { } holder)
            {
                load.Add(holder.Name);
            }
        }
    }

    private static RankedNode? Incumbent(RankedAddress ranked, IReadOnlyDictionary<IPAddress, string> currentHolders) =>
        currentHolders.TryGetValue(ranked.Request.Address, out var current)
            ? ranked.Find(current)
            : null;

    /// <summary>
    /// For each holder as if it had died: no other node gets more than its share of what that one holds, nor more than
    /// its share of everything.
    /// </summary>
    private static void ChooseFirstStandbys(RankedAddress[] open, PlacementOptions options)
    {
        var held = open.Where(ranked => ranked.Holder is not null).ToArray();
        var allWeight = WeightOf(held);
        var all = new NodeLoad();
        foreach (var ranked in held)
        {
            all.Add(ranked.Holder!.Name);
        }

        foreach (var group in held.GroupBy(ranked => ranked.Holder!.Name, StringComparer.Ordinal))
        {
            var members = group.ToArray();
            var ownWeight = members[0].Holder!.Weight;
            var received = new NodeLoad();
            var total = new NodeLoad(all, without: group.Key);
            var weight = Math.Max(1, WeightOf(members) - ownWeight);
            var rest = Math.Max(1, allWeight - ownWeight);
            bool HasRoom(RankedNode node) =>
                received.Of(node.Name) < Share(options, members.Length, node.Weight, weight)
                && total.Of(node.Name) < Share(options, held.Length, node.Weight, rest);
            foreach (var ranked in members)
            {
                ranked.FirstStandby = total.Choose(ranked.Ranked().Where(node => node.Name != group.Key), HasRoom);
                if (ranked.FirstStandby is { } standby)
                {
                    received.Add(standby.Name);
                    total.Add(standby.Name);
                }
            }
        }
    }

    private static int WeightOf(IEnumerable<RankedAddress> addresses)
    {
        var classes = addresses.Select(ranked => ranked.Class).Distinct().ToArray();
        return classes.Length == 1
            ? classes[0].Weight
            : classes.SelectMany(one => one.Nodes).DistinctBy(node => node.Node.Name).Sum(node => node.Weight);
    }

    /// <summary>Most addresses a node takes: its even share times the load factor, and never less than the even share.</summary>
    private static int Share(PlacementOptions options, int addresses, int weight, int totalWeight)
    {
        var even = (double)addresses * weight / totalWeight;
        return (int)Math.Max(Math.Ceiling(even), Math.Floor(even * Math.Max(1, options.LoadFactor)));
    }
}
