using System.Collections.Immutable;
using System.Net;
using Mooring.Core.Placement;

namespace Mooring.Core.Tests.Placement;

public sealed class MovePlannerTests
{
    private static readonly IPAddress Address = IPAddress.Parse("10.70.0.100");
    private readonly MoveWorld _world = new();

    [Fact]
    public void Plan_HolderIsWhereItBelongs_MovesNothing()
    {
        _world.Place(Address, ["node-1", "node-2"]);
        _world.Holders[Address] = "node-1";

        var plan = _world.Plan();

        plan.Moves.ShouldBeEmpty();
        plan.Addresses[Address].Candidates.ShouldBe(["node-1", "node-2"]);
        plan.NextCheck.ShouldBeNull();
    }

    [Fact]
    public void Plan_HolderDrains_AsksOnlyWhenTheNextOneHasProgrammedTheAddress()
    {
        _world.Place(Address, ["node-2", "node-3"], ("node-1", IneligibleReason.Draining));
        _world.Holders[Address] = "node-1";

        var first = _world.Plan();
        first.Addresses[Address].Candidates.ShouldBe(["node-1", "node-2"], "the holder stays first until it is asked");
        first.Addresses[Address].Move.ShouldBeNull();
        first.Moves[Address].Stage.ShouldBe(MoveStage.Preparing);

        _world.Publish(first);
        _world.Plan().Addresses[Address].Move.ShouldBeNull();

        _world.Acknowledge("node-3");
        _world.Plan().Addresses[Address].Move.ShouldBeNull();

        _world.Acknowledge("node-2");
        var asked = _world.Plan();
        var move = asked.Addresses[Address].Move.ShouldNotBeNull();
        move.To.ShouldBe("node-2");
        move.Id.ShouldBeGreaterThan(0UL);
        asked.Addresses[Address].Candidates[..2].ShouldBe(["node-2", "node-1"]);

        _world.Holders[Address] = "node-2";
        var done = _world.Plan();
        done.Moves.ShouldBeEmpty();
        done.Addresses[Address].Candidates.ShouldBe(["node-2", "node-3"]);
    }

    [Fact]
    public void Plan_HolderCannotForward_MovesAsWhenItDrains()
    {
        _world.Place(Address, ["node-2", "node-3"], ("node-1", IneligibleReason.CannotForward));
        _world.Holders[Address] = "node-1";

        var plan = _world.Plan();

        plan.Addresses[Address].Candidates.ShouldBe(["node-1", "node-2"]);
        plan.Moves[Address].Stage.ShouldBe(MoveStage.Preparing);
    }

    [Fact]
    public void Plan_HolderDrainsAndTheOthersCannotForward_StaysThere()
    {
        _world.Place(Address, ["node-2", "node-3"], lastResort: true, ("node-1", IneligibleReason.Draining));
        _world.Holders[Address] = "node-1";

        var plan = _world.Plan();

        plan.Moves.ShouldBeEmpty();
        plan.Addresses[Address].Candidates.ShouldBe(["node-1", "node-2", "node-3"]);
    }

    [Fact]
    public void Plan_NextHolderRefusesTheAddress_IsNotAsked()
    {
        _world.Place(Address, ["node-2"], ("node-1", IneligibleReason.Draining));
        _world.Holders[Address] = "node-1";
        _world.Refusing.Add("node-2");
        _world.Publish(_world.Plan());
        _world.Acknowledge("node-1", "node-2");

        _world.Plan().Addresses[Address].Move.ShouldBeNull();
    }

    [Theory]
    [InlineData(IneligibleReason.InterfaceDown)]
    [InlineData(IneligibleReason.AgentNotConnected)]
    [InlineData(IneligibleReason.NoInterfaceInSubnet)]
    public void Plan_HolderCannotGoOn_IsLeftOutAtOnce(IneligibleReason reason)
    {
        _world.Place(Address, ["node-2", "node-3"], ("node-1", reason));
        _world.Holders[Address] = "node-1";

        var plan = _world.Plan();

        plan.Moves.ShouldBeEmpty();
        plan.Addresses[Address].Candidates.ShouldBe(["node-2", "node-3"]);
    }

    [Fact]
    public void Plan_BetterNode_WaitsUntilItHasStayedSo()
    {
        _world.Options = MoveOptions.Default with { FailbackDelay = TimeSpan.FromSeconds(30) };
        _world.Place(Address, ["node-2", "node-1"]);
        _world.Holders[Address] = "node-1";
        _world.Publish(_world.Plan());
        _world.Acknowledge("node-1", "node-2");

        var waiting = _world.Plan();
        waiting.Moves[Address].Stage.ShouldBe(MoveStage.Waiting);
        waiting.NextCheck.ShouldBe(TimeSpan.FromSeconds(30));

        _world.Now = TimeSpan.FromSeconds(20);
        _world.Place(Address, ["node-1", "node-2"]);
        _world.Plan().Moves.ShouldBeEmpty();
        _world.Place(Address, ["node-2", "node-1"]);
        _world.Plan().NextCheck.ShouldBe(TimeSpan.FromSeconds(50), "it was not the better one all the time");

        _world.Now = TimeSpan.FromSeconds(50);
        _world.Plan().Addresses[Address].Move!.To.ShouldBe("node-2");
    }

    [Fact]
    public void Plan_ManyAddresses_BoundsTheMovesInFlight()
    {
        _world.Options = MoveOptions.Default with { MaxInFlight = 7 };
        var addresses = Enumerable.Range(0, 100).Select(i => new IPAddress([10, 70, 1, (byte)i])).ToArray();
        foreach (var address in addresses)
        {
            _world.Place(address, ["node-2", "node-3"], ("node-1", IneligibleReason.Draining));
            _world.Holders[address] = "node-1";
        }

        var rounds = 0;
        while (_world.Holders.Values.Any(holder => holder == "node-1"))
        {
            var plan = _world.Plan();
            plan.Moves.Values.Count(move => move.InFlight).ShouldBeLessThanOrEqualTo(7);
            _world.Publish(plan);
            _world.Acknowledge("node-1", "node-2", "node-3");
            foreach (var (address, planned) in plan.Addresses.Where(entry => entry.Value.Move is not null))
            {
                _world.Holders[address] = planned.Move!.To;
            }

            rounds++.ShouldBeLessThan(100);
        }

        rounds.ShouldBeGreaterThanOrEqualTo(100 / 7);
    }

    [Fact]
    public void Plan_MoveNotTaken_IsGivenUpForLongerEachTime()
    {
        _world.Place(Address, ["node-2"], ("node-1", IneligibleReason.Draining));
        _world.Holders[Address] = "node-1";
        _world.Publish(_world.Plan());
        _world.Acknowledge("node-1", "node-2");
        var first = _world.Plan().Addresses[Address].Move.ShouldNotBeNull();

        _world.Now += _world.Options.Timeout;
        var given = _world.Plan();
        given.Addresses[Address].Move.ShouldBeNull();
        given.Addresses[Address].Candidates[0].ShouldBe("node-1");
        given.NextCheck.ShouldBe(_world.Now + TimeSpan.FromSeconds(30));

        _world.Publish(given);
        _world.Acknowledge("node-1", "node-2");
        _world.Now = given.NextCheck!.Value;
        var second = _world.Plan().Addresses[Address].Move.ShouldNotBeNull();
        second.Id.ShouldBeGreaterThan(first.Id);

        _world.Now += _world.Options.Timeout;
        _world.Plan().NextCheck.ShouldBe(_world.Now + TimeSpan.FromSeconds(60));
    }

    [Fact]
    public void Plan_AgentOfTheHolderAway_WaitsForIt()
    {
        _world.Place(Address, ["node-2"], ("node-1", IneligibleReason.Draining));
        _world.Holders[Address] = "node-1";
        _world.Applied.Remove("node-1");

        _world.Plan().Moves[Address].Stage.ShouldBe(MoveStage.Waiting);

        _world.Acknowledge("node-1");
        _world.Plan().Moves[Address].Stage.ShouldBe(MoveStage.Preparing);
    }

    [Fact]
    public void Plan_NextHolderFailsOnTheWay_GoesToAnother()
    {
        _world.Place(Address, ["node-2", "node-3"], ("node-1", IneligibleReason.Draining));
        _world.Holders[Address] = "node-1";
        _world.Publish(_world.Plan());
        _world.Acknowledge("node-1", "node-2", "node-3");
        _world.Plan().Addresses[Address].Move!.To.ShouldBe("node-2");

        _world.Place(Address, ["node-3"], ("node-1", IneligibleReason.Draining), ("node-2", IneligibleReason.InterfaceDown));
        _world.Publish(_world.Plan());
        _world.Acknowledge("node-3");

        _world.Plan().Addresses[Address].Move!.To.ShouldBe("node-3");
    }

    [Theory]
    [InlineData(IneligibleReason.Draining, true)]
    [InlineData(IneligibleReason.NodeNotReady, true)]
    [InlineData(IneligibleReason.NodeSelectorMismatch, false)]
    [InlineData(IneligibleReason.InterfaceDown, false)]
    public void Plan_NoEligibleNode_KeepsAHolderThatCanGoOn(IneligibleReason reason, bool kept)
    {
        _world.Place(Address, [], ("node-1", reason));
        _world.Holders[Address] = "node-1";

        _world.Plan().Addresses[Address].Candidates.ShouldBe(kept ? ["node-1"] : []);
    }

    /// <summary>Carries one plan to the next.</summary>
    private sealed class MoveWorld
    {
        private readonly Dictionary<IPAddress, AddressPlacement> _placements = [];
        private ImmutableDictionary<IPAddress, AddressMove> _moves = ImmutableDictionary<IPAddress, AddressMove>.Empty;
        private MovePlan? _published;
        private ulong _revision = 10;

        public MoveOptions Options { get; set; } = MoveOptions.Default;

        public TimeSpan Now { get; set; }

        public Dictionary<IPAddress, string> Holders { get; } = [];

        public Dictionary<string, ulong> Applied { get; } = new() { ["node-1"] = 10, ["node-2"] = 10, ["node-3"] = 10 };

        public HashSet<string> Refusing { get; } = [];

        public void Place(
            IPAddress address, ImmutableArray<string> candidates, params (string Node, IneligibleReason Reason)[] rejected) =>
            Place(address, candidates, lastResort: false, rejected);

        public void Place(
            IPAddress address, ImmutableArray<string> candidates, bool lastResort, params (string Node, IneligibleReason Reason)[] rejected) =>
            _placements[address] = new AddressPlacement
            {
                Address = address,
                Candidates = candidates,
                IsLastResort = lastResort,
                Rejected = [.. rejected.Select(node => new RejectedNode(node.Node, node.Reason, "no"))],
            };

        public MovePlan Plan()
        {
            var plan = MovePlanner.Plan(
                _placements.Values,
                new MoveContext
                {
                    Now = Now,
                    Holders = Holders,
                    Moves = _moves,
                    Applied = Applied,
                    Published = _published is null ? 0 : _revision,
                    PublishedCandidates = (_published?.Addresses ?? ImmutableDictionary<IPAddress, PlannedAddress>.Empty)
                        .ToImmutableDictionary(entry => entry.Key, entry => entry.Value.Candidates),
                    Refuses = (node, _) => Refusing.Contains(node),
                },
                Options);
            _moves = plan.Moves;
            return plan;
        }

        public void Publish(MovePlan plan)
        {
            _published = plan;
            _revision++;
        }

        public void Acknowledge(params string[] nodes)
        {
            foreach (var node in nodes)
            {
                Applied[node] = _revision;
            }
        }
    }
}
