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
    /// <exception cref="ArgumentException">An address or a node is named twice.</exception>
    public static IReadOnlyDictionary<IPAddress, AddressPlacement> Place(
        IReadOnlyCollection<PlacementRequest> addresses,
        IReadOnlyCollection<NodeFacts> nodes,
        IReadOnlyDictionary<IPAddress, string> currentHolders,
        PlacementOptions options)
    {
        var byName = nodes.ToDictionary(node => node.Name, StringComparer.Ordinal);
        var sorted = byName.Values.OrderBy(node => node.Name, StringComparer.Ordinal).ToArray();
        var context = new EligibilityContext(sorted, options);
        var open = addresses
            .Select(request => Rank(request, sorted, currentHolders.GetValueOrDefault(request.Address), context))
            .OrderBy(ranked => ranked.Request.Address, IPAddressOrder.Instance)
            .ToArray();

        ChooseHolders(open, currentHolders, options);
        ChooseFirstStandbys(open, options);
        return open.ToDictionary(ranked => ranked.Request.Address, ranked => ranked.ToPlacement(options.Standbys));
    }

    private static RankedAddress Rank(
        PlacementRequest request, NodeFacts[] nodes, string? holder, EligibilityContext context)
    {
        var eligible = new List<RankedNode>();
        var rejected = ImmutableArray.CreateBuilder<RejectedNode>();
        foreach (var node in nodes)
        {
            if (Eligibility.Reject(request, node, node.Name == holder, context) is { } rejection)
            {
                rejected.Add(rejection);
                continue;
            }

            var preference = request.PreferredNodes
                .Where(wish => wish.Labels.All(label => node.Labels.GetValueOrDefault(label.Key) == label.Value))
                .Sum(wish => wish.Weight);
            eligible.Add(new RankedNode(
                node, preference, RendezvousHash.Score(request.Address, node.Name, node.Weight)));
        }

        eligible.Sort(RankedNode.Compare);
        return new RankedAddress(request, eligible, rejected.ToImmutable());
    }

    private static void ChooseHolders(
        RankedAddress[] open, IReadOnlyDictionary<IPAddress, string> currentHolders, PlacementOptions options)
    {
        var load = new NodeLoad();
        var weight = WeightOf(open);
        bool HasRoom(RankedNode node) => load.Of(node.Name) < Share(options, open.Length, node.Weight, weight);

        foreach (var ranked in open)
        {
            ranked.Holder = ranked.Eligible.Find(node => node.Name == ranked.Request.RequestedNode);
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
            ranked.Holder = load.Choose(ranked.Eligible, HasRoom);
            if (ranked.Holder is { } holder)
            {
                load.Add(holder.Name);
            }
        }
    }

    private static RankedNode? Incumbent(RankedAddress ranked, IReadOnlyDictionary<IPAddress, string> currentHolders) =>
        currentHolders.TryGetValue(ranked.Request.Address, out var current)
            ? ranked.Eligible.Find(node => node.Name == current)
            : null;

    /// <summary>
    /// For each holder as if it had died: no other node gets more than its share of what that one holds, nor more than
    /// its share of everything.
    /// </summary>
    private static void ChooseFirstStandbys(RankedAddress[] open, PlacementOptions options)
    {
        var held = open.Where(ranked => ranked.Holder is not null).ToArray();
        var allWeight = WeightOf(held);
        foreach (var group in held.GroupBy(ranked => ranked.Holder!.Name, StringComparer.Ordinal))
        {
            var members = group.ToArray();
            var ownWeight = members[0].Holder!.Weight;
            var received = new NodeLoad();
            var total = new NodeLoad();
            foreach (var other in held.Where(ranked => ranked.Holder!.Name != group.Key))
            {
                total.Add(other.Holder!.Name);
            }

            var weight = Math.Max(1, WeightOf(members) - ownWeight);
            var rest = Math.Max(1, allWeight - ownWeight);
            bool HasRoom(RankedNode node) =>
                received.Of(node.Name) < Share(options, members.Length, node.Weight, weight)
                && total.Of(node.Name) < Share(options, held.Length, node.Weight, rest);
            foreach (var ranked in members)
            {
                ranked.FirstStandby = total.Choose(
                    [.. ranked.Eligible.Where(node => node.Name != group.Key)], HasRoom);
                if (ranked.FirstStandby is { } standby)
                {
                    received.Add(standby.Name);
                    total.Add(standby.Name);
                }
            }
        }
    }

    private static int WeightOf(IEnumerable<RankedAddress> addresses) =>
        addresses.SelectMany(ranked => ranked.Eligible).DistinctBy(node => node.Name).Sum(node => node.Weight);

    /// <summary>Most addresses a node takes: its even share times the load factor, and never less than the even share.</summary>
    private static int Share(PlacementOptions options, int addresses, int weight, int totalWeight)
    {
        var even = (double)addresses * weight / totalWeight;
        return (int)Math.Max(Math.Ceiling(even), Math.Floor(even * Math.Max(1, options.LoadFactor)));
    }
}
