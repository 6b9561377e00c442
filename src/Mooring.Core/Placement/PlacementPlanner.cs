using System.Collections.Immutable;
using System.Net;

namespace Mooring.Core.Placement;

/// <summary>
/// Chooses a ranked list of nodes for every address: pure, deterministic, and blind to the order of its inputs.
/// </summary>
/// <remarks>
/// A live holder stays. Other addresses go to the eligible node with the largest sum of preferences, by weighted
/// rendezvous hashing among equals, as long as that node holds less than its share times
/// <see cref="PlacementOptions.LoadFactor"/>. The first standby is chosen the same way with the load counted per holder,
/// so that the addresses of a node that dies spread over the others.
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
        foreach (var ranked in open)
        {
            var current = currentHolders.GetValueOrDefault(ranked.Request.Address);
            var incumbent = ranked.Eligible.Find(node => node.Name == current);
            if (incumbent is not null && (ranked.Request.Sticky || incumbent.Node.Agent == AgentPresence.Expected))
            {
                ranked.Holder = incumbent;
                load.Add(incumbent.Name);
            }
        }

        var weight = open.SelectMany(ranked => ranked.Eligible).DistinctBy(node => node.Name).Sum(node => node.Weight);
        foreach (var ranked in open.Where(ranked => ranked.Holder is null))
        {
            ranked.Holder = load.Choose(
                ranked.Eligible, node => Share(options, open.Length, node.Weight, weight));
            if (ranked.Holder is { } holder)
            {
                load.Add(holder.Name);
            }
        }
    }

    private static void ChooseFirstStandbys(RankedAddress[] open, PlacementOptions options)
    {
        foreach (var group in open.Where(ranked => ranked.Holder is not null)
            .GroupBy(ranked => ranked.Holder!.Name, StringComparer.Ordinal))
        {
            var members = group.ToArray();
            var load = new NodeLoad();
            var weight = members.SelectMany(ranked => ranked.Eligible)
                .DistinctBy(node => node.Name)
                .Where(node => node.Name != group.Key)
                .Sum(node => node.Weight);
            foreach (var ranked in members)
            {
                ranked.FirstStandby = load.Choose(
                    [.. ranked.Eligible.Where(node => node.Name != group.Key)],
                    node => Share(options, members.Length, node.Weight, weight));
                if (ranked.FirstStandby is { } standby)
                {
                    load.Add(standby.Name);
                }
            }
        }
    }

    /// <summary>Most addresses a node takes: its even share times the load factor, rounded up.</summary>
    private static int Share(PlacementOptions options, int addresses, int weight, int totalWeight) =>
        (int)Math.Ceiling(Math.Max(1, options.LoadFactor) * addresses * weight / totalWeight);
}
