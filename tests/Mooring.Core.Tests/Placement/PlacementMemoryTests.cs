using System.Net;
using Mooring.Core.Placement;

namespace Mooring.Core.Tests.Placement;

public sealed class PlacementMemoryTests
{
    [Fact]
    public void Place_AfterAnyChanges_IsAsWithoutMemory()
    {
        var random = new Random(7);
        var memory = new PlacementMemory();
        var nodes = Enumerable.Range(1, 40).Select(PlacementPlannerTests.Node).ToArray();
        var requests = PlacementPlannerTests.Requests(200).ToArray();
        var holders = new Dictionary<IPAddress, string>();
        for (var step = 0; step < 40; step++)
        {
            var (node, request) = (random.Next(nodes.Length), random.Next(requests.Length));
            switch (random.Next(4))
            {
                case 0:
                    nodes[node] = nodes[node] with { Ready = !nodes[node].Ready };
                    break;
                case 1:
                    nodes[node] = nodes[node] with { Agent = (AgentPresence)random.Next(3) };
                    break;
                case 2:
                    requests[request] = requests[request] with { RequestedNode = nodes[node].Name };
                    break;
                default:
                    holders[requests[request].Address] = nodes[node].Name;
                    break;
            }

            var with = PlacementPlanner.Place(requests, nodes, holders, PlacementOptions.Default, memory);
            var without = PlacementPlanner.Place(requests, nodes, holders, PlacementOptions.Default);

            Dump(with).ShouldBe(Dump(without), $"step {step}");
        }
    }

    [Fact]
    public void Place_NothingChanged_GivesTheSameInstances()
    {
        var memory = new PlacementMemory();
        var nodes = Enumerable.Range(1, 5).Select(PlacementPlannerTests.Node).ToArray();
        var requests = PlacementPlannerTests.Requests(20).ToArray();
        var holders = new Dictionary<IPAddress, string>();
        var first = PlacementPlanner.Place(requests, nodes, holders, PlacementOptions.Default, memory);

        var second = PlacementPlanner.Place(requests, nodes, holders, PlacementOptions.Default, memory);

        second.ShouldAllBe(entry => ReferenceEquals(entry.Value, first[entry.Key]));
    }

    [Fact]
    public void Place_MoreNodesThanAreListed_NamesTheBestAndKnowsAll()
    {
        var nodes = Enumerable.Range(1, 60).Select(PlacementPlannerTests.Node).ToArray();

        var placed = PlacementPlanner.Place(
            PlacementPlannerTests.Requests(1).ToArray(), nodes, new Dictionary<IPAddress, string>(), PlacementOptions.Default).Values.Single();

        placed.Candidates.Length.ShouldBe(4);
        placed.Spares.Length.ShouldBe(AddressPlacement.MaxSpares);
        nodes.ShouldAllBe(node => placed.MayBeHeldBy(node.Name));
        placed.MayBeHeldBy("node-61").ShouldBeFalse();
    }

    private static string Dump(IReadOnlyDictionary<IPAddress, AddressPlacement> placements) => string.Join('\n', placements
        .Select(entry => $"{entry.Key} {string.Join(',', entry.Value.Candidates)} {string.Join(',', entry.Value.Spares)} "
            + $"{string.Join(',', entry.Value.Rejected)} {string.Join(',', entry.Value.Away.Order(StringComparer.Ordinal))} {entry.Value.Requested}")
        .Order(StringComparer.Ordinal));
}
