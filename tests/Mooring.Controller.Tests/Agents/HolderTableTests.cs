using System.Collections.Immutable;
using System.Net;
using Mooring.Controller.Agents;
using Mooring.Controller.World;

namespace Mooring.Controller.Tests.Agents;

public sealed class HolderTableTests
{
    private static readonly IPAddress Address = IPAddress.Parse("10.70.0.100");
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly HolderTable _table = new();

    [Fact]
    public void Take_First_IsHeldWithoutAFailover()
    {
        var move = Take("node-1", 1, "InitialClaim").ShouldNotBeNull();

        (move.From, move.To.Node, move.IsFailover).ShouldBe((null, "node-1", false));
        _table.Holders[Address].Node.ShouldBe("node-1");
        _table.Terms[Address].ShouldBe(1UL);
        _table.Failovers.ShouldBeEmpty();
    }

    [Fact]
    public void Take_HigherTerm_Moves()
    {
        Take("node-1", 1);

        var move = Take("node-2", 2, "HeartbeatTimeout").ShouldNotBeNull();

        (move.From, move.To.Node, move.Reason, move.IsFailover).ShouldBe(("node-1", "node-2", "HeartbeatTimeout", true));
        _table.Failovers[Address].ShouldBe(move);
    }

    [Fact]
    public void Take_LowerTerm_ChangesNothing()
    {
        Take("node-1", 5);

        Take("node-2", 4).ShouldBeNull();

        _table.Holders[Address].Node.ShouldBe("node-1");
    }

    [Fact]
    public void Take_EqualTerm_StaysUntilOneGivesUp()
    {
        Take("node-2", 5);
        Take("node-1", 5).ShouldBeNull();
        _table.Holders[Address].Node.ShouldBe("node-2");

        var move = _table.GiveUp("node-2", Address, 5).ShouldNotBeNull();

        move.To.Node.ShouldBe("node-1");
    }

    [Fact]
    public void Take_Repeated_SaysNothingNew()
    {
        Take("node-1", 1);

        Take("node-1", 1).ShouldBeNull();
    }

    [Fact]
    public void GiveUp_ThenTakeByAnother_RemembersWhoHeldIt()
    {
        Take("node-1", 1);
        _table.GiveUp("node-1", Address, 1);
        _table.Holders.ShouldBeEmpty();

        Take("node-2", 2)!.From.ShouldBe("node-1");
    }

    [Fact]
    public void Replace_WithoutTheAddress_GivesItUp()
    {
        Take("node-1", 1);

        _table.Replace("node-1", ImmutableDictionary<IPAddress, HolderClaim>.Empty);

        _table.Holders.ShouldBeEmpty();
        _table.Terms[Address].ShouldBe(1UL);
    }

    [Fact]
    public void Adopt_ThenTheSameByHello_IsNoMove()
    {
        _table.Adopt(Address, "node-1", 3, Now);

        Hello("node-1", 3).ShouldBeEmpty();
        _table.Holders[Address].Node.ShouldBe("node-1");
    }

    [Fact]
    public void Adopt_ThenAnotherWithAHigherTerm_IsAFailoverWithoutAReason()
    {
        _table.Adopt(Address, "node-1", 3, Now);

        var move = Hello("node-2", 4).ShouldHaveSingleItem();

        (move.From, move.To.Node, move.Reason).ShouldBe(("node-1", "node-2", null));
    }

    [Fact]
    public void Take_AfterTheSameByHello_CompletesTheStory()
    {
        _table.Adopt(Address, "node-1", 3, Now);
        Hello("node-2", 4);

        Take("node-2", 4, "HeartbeatTimeout")!.Reason.ShouldBe("HeartbeatTimeout");
        Take("node-2", 4, "HeartbeatTimeout").ShouldBeNull();

        _table.Failovers[Address].Reason.ShouldBe("HeartbeatTimeout");
    }

    [Fact]
    public void GiveUp_OfAnEarlierClaimToldLate_ChangesNothing()
    {
        Hello("node-1", 5);

        Take("node-1", 3).ShouldBeNull();
        _table.GiveUp("node-1", Address, 3).ShouldBeNull();

        _table.Holders[Address].Term.ShouldBe(5UL);
    }

    [Fact]
    public void Prune_UnusedAddress_IsForgotten()
    {
        Take("node-1", 1);

        _table.Prune(new HashSet<IPAddress>());

        _table.Terms.ShouldBeEmpty();
    }

    private IReadOnlyList<HolderMove> Hello(string node, ulong term) => _table.Replace(
        node, ImmutableDictionary<IPAddress, HolderClaim>.Empty.Add(Address, new HolderClaim(node, term, Now)));

    [Fact]
    public void Take_FirstPacketOfAKnownMove_CompletesItOnce()
    {
        Take("node-1", 1);
        var report = new HolderMove
        {
            Address = Address,
            To = new HolderClaim("node-2", 2, Now),
            Reason = "HeartbeatTimeout",
            Phases = new MovePhases { Announced = Now },
        };
        _table.Take(report).ShouldNotBeNull().From.ShouldBe("node-1");
        var whole = report with { Phases = report.Phases with { FirstPacket = Now.AddMilliseconds(3) } };

        var completed = _table.Take(whole).ShouldNotBeNull();

        (completed.From, completed.Phases!.FirstPacket).ShouldBe(("node-1", Now.AddMilliseconds(3)));
        _table.Failovers[Address].ShouldBe(completed);
        _table.Take(whole).ShouldBeNull();
        _table.Take(whole with { To = new HolderClaim("node-2", 1, Now) }).ShouldBeNull();
    }

    private HolderMove? Take(string node, ulong term, string? reason = null) =>
        _table.Take(new HolderMove { Address = Address, To = new HolderClaim(node, term, Now), Reason = reason });
}
