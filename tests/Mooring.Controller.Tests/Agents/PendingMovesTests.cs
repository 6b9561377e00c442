using System.Net;
using Mooring.Controller.Agents;
using Mooring.Controller.World;

namespace Mooring.Controller.Tests.Agents;

public sealed class PendingMovesTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly PendingMoves _moves = new(TimeProvider.System);

    [Fact]
    public void Take_FailoverWithoutFirstPacket_WaitsForIt()
    {
        var move = Move(new MovePhases { Announced = Now });
        _moves.Add([move]);
        _moves.Take().ShouldBeEmpty();
        _moves.Any.ShouldBeTrue();

        var whole = move with { Phases = new MovePhases { Announced = Now, FirstPacket = Now } };
        _moves.Complete(whole);

        _moves.Take().ShouldBe([whole]);
        _moves.Complete(whole);
        _moves.Any.ShouldBeFalse("it is not told again");
    }

    [Fact]
    public void Take_NoPhases_IsToldAtOnce()
    {
        _moves.Add([Move(null)]);

        _moves.Take().ShouldHaveSingleItem();
    }

    [Fact]
    public void Take_FirstClaim_IsToldAtOnce()
    {
        _moves.Add([Move(new MovePhases { Announced = Now }) with { From = null }]);

        _moves.Take().ShouldHaveSingleItem();
    }

    private static HolderMove Move(MovePhases? phases) => new()
    {
        Address = IPAddress.Parse("10.70.0.100"),
        From = "node-1",
        To = new HolderClaim("node-2", 2, Now),
        Reason = "HeartbeatTimeout",
        Phases = phases,
    };
}
