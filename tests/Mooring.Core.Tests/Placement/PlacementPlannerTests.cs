using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using Mooring.Core.Placement;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Tests.Placement;

public sealed class PlacementPlannerTests
{
    private static readonly IReadOnlyDictionary<IPAddress, string> NoHolders = new Dictionary<IPAddress, string>();

    [Fact]
    public void Place_AnyOrderOfInputs_GivesTheSameResult()
    {
        var addresses = Requests(20).ToArray();
        var nodes = Nodes(5).ToArray();

        var one = PlacementPlanner.Place(addresses, nodes, NoHolders, PlacementOptions.Default);
        var two = PlacementPlanner.Place(
            addresses.Reverse().ToArray(), nodes.Reverse().ToArray(), NoHolders, PlacementOptions.Default);

        Dump(one).ShouldBe(Dump(two));
    }

    [Fact]
    public void Place_NodeAskedForByName_HoldsTheAddressAlthoughAnotherDoes()
    {
        var request = Requests(1).Single();
        var holders = new Dictionary<IPAddress, string> { [request.Address] = "node-2" };

        var placed = PlacementPlanner.Place(
            [request with { RequestedNode = "node-4" }], Nodes(5).ToArray(), holders, PlacementOptions.Default)[request.Address];

        placed.Holder.ShouldBe("node-4");
        placed.Requested.ShouldBeTrue();
    }

    [Fact]
    public void Place_NodeAskedForMayNotHold_LeavesTheAddressWhereItIs()
    {
        var request = Requests(1).Single();
        var holders = new Dictionary<IPAddress, string> { [request.Address] = "node-2" };

        var placed = PlacementPlanner.Place(
            [request with { RequestedNode = "node-9" }], Nodes(5).ToArray(), holders, PlacementOptions.Default)[request.Address];

        placed.Holder.ShouldBe("node-2");
        placed.Requested.ShouldBeFalse();
    }

    [Fact]
    public void Place_NodeThatCannotForward_IsNoCandidate()
    {
        var nodes = Nodes(3).Select(node => node.Name == "node-2" ? node with { CannotForward = "no nftables" } : node);

        var placed = Place(Requests(20), nodes);

        placed.ShouldAllBe(one => !one.MayBeHeldBy("node-2") && one.Candidates.Length == 2 && !one.IsLastResort);
        placed.ShouldAllBe(one => one.Rejected.Single().Reason == IneligibleReason.CannotForward);
    }

    [Fact]
    public void Place_NobodyCanForward_FallsBackOnThoseThatPassAllElse()
    {
        var nodes = Nodes(4).Select(node => node with { CannotForward = "no nftables", Ready = node.Name != "node-4" });

        var placed = Place(Requests(20), nodes);

        placed.ShouldAllBe(one => one.Candidates.Length == 3 && one.IsLastResort);
        placed.ShouldAllBe(one => one.Rejected.Single().Reason == IneligibleReason.NodeNotReady);
    }

    [Fact]
    public void Place_FiveNodes_RanksAHolderThreeStandbysAndASpare()
    {
        var placed = Place(Requests(1), Nodes(5)).ShouldHaveSingleItem();

        placed.Candidates.Length.ShouldBe(4);
        placed.Spares.Length.ShouldBe(1);
        placed.Candidates.Concat(placed.Spares).Distinct().Count().ShouldBe(5);
    }

    [Theory]
    [InlineData(1000, 5)]
    [InlineData(7, 3)]
    [InlineData(3, 5)]
    public void Place_ManyAddresses_KeepsEveryNodeWithinTheLoadFactor(int addresses, int nodes)
    {
        var placed = Place(Requests(addresses), Nodes(nodes));

        var most = placed.GroupBy(placement => placement.Holder).Max(group => group.Count());
        most.ShouldBeLessThanOrEqualTo((int)Math.Ceiling(1.25 * addresses / nodes));
    }

    [Fact]
    public void Place_HolderDies_FirstStandbysSpreadItsAddresses()
    {
        var placed = Place(Requests(1000), Nodes(5));
        var lost = placed.Where(placement => placement.Holder == "node-1").ToArray();

        var most = lost.GroupBy(placement => placement.Candidates[1]).Max(group => group.Count());

        most.ShouldBeLessThanOrEqualTo((int)Math.Ceiling(1.25 * lost.Length / 4));
    }

    [Fact]
    public void Place_AnyNodeOfFiveDies_SpreadsWithinTheLoadFactor()
    {
        var nodes = Nodes(5).ToArray();
        var placed = Place(Requests(1000), nodes);
        var even = 1000 / 4;
        foreach (var dead in nodes.Select(node => node.Name))
        {
            // Each address goes to its first standby, as the agents do it without asking.
            var holders = placed.ToDictionary(
                placement => placement.Address,
                placement => placement.Holder == dead ? placement.Candidates[1] : placement.Holder!);
            holders.Values.GroupBy(node => node).Max(group => group.Count()).ShouldBeLessThanOrEqualTo((int)(1.25 * even));

            // And another one right after it.
            var left = nodes.Where(node => node.Name != dead).ToArray();
            var again = Place(Requests(1000), left, holders);
            again.ShouldAllBe(placement => placement.Holder == holders[placement.Address]);
            var second = left[0].Name;
            again.GroupBy(placement => placement.Holder == second ? placement.Candidates[1] : placement.Holder)
                .Max(group => group.Count()).ShouldBeLessThanOrEqualTo((int)(1.25 * 1000 / 3));
        }
    }

    [Fact]
    public void Place_NodeThatFailedLately_RanksBehindTheOthers()
    {
        var failure = new NodeFailure(DateTimeOffset.UnixEpoch, "HeartbeatTimeout", DateTimeOffset.UnixEpoch);
        var nodes = Nodes(3).Select(node => node.Name == "node-2" ? node with { RecentFailure = failure } : node).ToArray();

        var placed = Place(Requests(50), nodes);

        placed.ShouldAllBe(placement => placement.Candidates[2] == "node-2");
        placed.ShouldAllBe(placement => placement.Failures["node-2"] == failure);
    }

    [Fact]
    public void Place_HolderFailedLatelyAndHoldsAgain_Stays()
    {
        var failure = new NodeFailure(DateTimeOffset.UnixEpoch, "HeartbeatTimeout", DateTimeOffset.UnixEpoch);
        var nodes = Nodes(3).Select(node => node.Name == "node-2" ? node with { RecentFailure = failure } : node).ToArray();
        var request = Requests(1).Single();

        Place([request], nodes, new Dictionary<IPAddress, string> { [request.Address] = "node-2" })
            .Single().Holder.ShouldBe("node-2");
    }

    [Fact]
    public void Place_Rebalance_TakesFromANodeWhatIsBeyondItsShare()
    {
        var requests = Requests(100).ToArray();
        var holders = requests.ToDictionary(request => request.Address, _ => "node-1");

        var still = Place(requests, Nodes(5), holders);
        var moved = PlacementPlanner.Place(
            requests, [.. Nodes(5)], holders, PlacementOptions.Default with { Rebalance = true }).Values;

        still.ShouldAllBe(placement => placement.Holder == "node-1");
        moved.Count(placement => placement.Holder == "node-1").ShouldBe(25);
        moved.GroupBy(placement => placement.Holder).Max(group => group.Count()).ShouldBeLessThanOrEqualTo(25);
    }

    [Fact]
    public void Place_WeightedNode_TakesItsShare()
    {
        var nodes = Nodes(3).Select(node => node.Name == "node-1" ? node with { Weight = 3 } : node).ToArray();

        var held = Place(Requests(1000), nodes).Count(placement => placement.Holder == "node-1");

        held.ShouldBeInRange(500, 750);
    }

    [Fact]
    public void Place_NodeRemoved_MovesOnlyItsAddresses()
    {
        var nodes = Nodes(5).ToArray();
        var before = Place(Requests(100), nodes);
        var holders = before.ToDictionary(placement => placement.Address, placement => placement.Holder!);

        var after = Place(Requests(100), nodes[1..], holders);

        foreach (var placement in after)
        {
            if (holders[placement.Address] != "node-1")
            {
                placement.Holder.ShouldBe(holders[placement.Address]);
            }
        }
    }

    [Fact]
    public void Place_LiveHolder_StaysWhereAnotherNodeRanksBetter()
    {
        var first = Place(Requests(1), Nodes(3)).Single();
        var last = first.Candidates[^1];

        var placed = Place(Requests(1), Nodes(3), new Dictionary<IPAddress, string> { [first.Address] = last }).Single();

        placed.Holder.ShouldBe(last);
        placed.Candidates.Length.ShouldBe(3);
    }

    [Fact]
    public void Place_NotSticky_GivesTheAddressBackToTheBestNode()
    {
        var first = Place(Requests(1), Nodes(3)).Single();
        var request = Requests(1).Single() with { Sticky = false };

        var placed = Place([request], Nodes(3),
            new Dictionary<IPAddress, string> { [first.Address] = first.Candidates[^1] }).Single();

        placed.Holder.ShouldBe(first.Holder);
    }

    [Fact]
    public void Place_RestartedController_KeepsHoldersThatHaveNotConnectedYet()
    {
        var nodes = Nodes(3).ToArray();
        var before = Place(Requests(10), nodes);
        var holders = before.ToDictionary(placement => placement.Address, placement => placement.Holder!);
        NodeFacts[] waiting =
        [
            nodes[0],
            .. nodes[1..].Select(node => node with { Agent = AgentPresence.Expected, Interfaces = [] }),
        ];

        var after = Place(Requests(10), waiting, holders);

        after.ShouldAllBe(placement => placement.Holder == holders[placement.Address]);
    }

    [Fact]
    public void Place_HolderBeyondGrace_MovesWithAReason()
    {
        var holders = new Dictionary<IPAddress, string> { [IPAddress.Parse("10.70.0.100")] = "node-2" };
        var nodes = Nodes(3).Select(node => node.Name == "node-2" ? node with { Agent = AgentPresence.Absent } : node);

        var placed = Place(Requests(1), nodes, holders).Single();

        placed.Candidates.ShouldNotContain("node-2");
        placed.Rejected.Single().Reason.ShouldBe(IneligibleReason.AgentNotConnected);
    }

    [Fact]
    public void Place_ExpectedAgentWithKnownInterfaces_IsLastChoice()
    {
        var nodes = Nodes(3).Select(node => node.Name == "node-3" ? node : node with { Agent = AgentPresence.Expected });

        Place(Requests(20), nodes).ShouldAllBe(placement => placement.Holder == "node-3");
    }

    [Fact]
    public void Place_PreferredNodes_RankByTheSumOfTheirWeights()
    {
        var request = Requests(1).Single() with
        {
            PreferredNodes =
            [
                new NodePreference(10, Labels(("name", "node-2"))),
                new NodePreference(60, Labels(("name", "node-3"))),
                new NodePreference(20, ImmutableDictionary<string, string>.Empty),
            ],
        };

        Place([request], Nodes(4)).Single().Candidates[..2].ShouldBe(["node-3", "node-2"]);
    }

    [Fact]
    public void Place_NoEligibleNode_HasNoCandidatesAndEveryReason()
    {
        var placed = Place([new PlacementRequest { Address = IPAddress.Parse("10.99.0.1") }], Nodes(2)).Single();

        placed.Candidates.ShouldBeEmpty();
        placed.Holder.ShouldBeNull();
        placed.Rejected.Select(rejection => rejection.Node).ShouldBe(["node-1", "node-2"]);
        placed.Rejected[0].Message.ShouldBe(
            "no interface has a subnet with the address; node-1 has eth0 10.70.0.0/16");
    }

    [Fact]
    public void Place_SameAddressTwice_Throws()
    {
        Should.Throw<ArgumentException>(() => Place([.. Requests(1), .. Requests(1)], Nodes(1)));
    }

    internal static IEnumerable<PlacementRequest> Requests(int count) =>
        Enumerable.Range(0, count).Select(i => new PlacementRequest
        {
            Address = new IPAddress([10, 70, (byte)(i / 100), (byte)(100 + (i % 100))]),
        });

    internal static IEnumerable<NodeFacts> Nodes(int count) => Enumerable.Range(1, count).Select(Node);

    internal static NodeFacts Node(int number) => new()
    {
        Name = $"node-{number}",
        Agent = AgentPresence.Connected,
        Ready = true,
        Labels = Labels(("name", $"node-{number}"), ("kubernetes.io/os", "linux")),
        Interfaces =
        [
            new NodeInterface
            {
                Name = "eth0",
                Index = 2,
                MacAddress = PhysicalAddress.Parse("02-00-00-00-00-01"),
                Up = true,
                Addresses =
                [
                    new InterfaceAddress(new IPAddress([10, 70, 200, (byte)(10 + number)]), IPNetwork.Parse("10.70.0.0/16")),
                ],
            },
        ],
    };

    internal static ImmutableDictionary<string, string> Labels(params (string Key, string Value)[] labels) =>
        labels.ToImmutableDictionary(label => label.Key, label => label.Value, StringComparer.Ordinal);

    private static IReadOnlyList<AddressPlacement> Place(
        IEnumerable<PlacementRequest> addresses,
        IEnumerable<NodeFacts> nodes,
        IReadOnlyDictionary<IPAddress, string>? holders = null) =>
        [.. PlacementPlanner.Place([.. addresses], [.. nodes], holders ?? NoHolders, PlacementOptions.Default).Values];

    private static string Dump(IReadOnlyDictionary<IPAddress, AddressPlacement> placed) =>
        string.Join('\n', placed.OrderBy(pair => pair.Key.ToString(), StringComparer.Ordinal)
            .Select(pair => $"{pair.Key} {string.Join(',', pair.Value.Candidates)} + {string.Join(',', pair.Value.Spares)}"));
}
