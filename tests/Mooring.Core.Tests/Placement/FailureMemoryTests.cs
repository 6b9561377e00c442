using Mooring.Core.Placement;

namespace Mooring.Core.Tests.Placement;

public sealed class FailureMemoryTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan HalfLife = TimeSpan.FromMinutes(1);

    [Fact]
    public void Add_Once_IsForgivenAfterOneHalfLife()
    {
        var memory = FailureMemory.Empty.Add("node-1", "HeartbeatTimeout", Start, HalfLife);

        var failure = memory.Unforgiven(Start, HalfLife)["node-1"];
        failure.ShouldBe(new NodeFailure(Start, "HeartbeatTimeout", Start + HalfLife));
        memory.Unforgiven(failure.Until, HalfLife).ShouldBeEmpty();
    }

    [Fact]
    public void Add_AllAddressesOfANode_CountsOnce()
    {
        var memory = FailureMemory.Empty;
        for (var i = 0; i < 1000; i++)
        {
            memory = memory.Add("node-1", "HeartbeatTimeout", Start + TimeSpan.FromMilliseconds(i), HalfLife);
        }

        memory.Unforgiven(Start, HalfLife)["node-1"].Until.ShouldBe(Start + HalfLife);
    }

    [Fact]
    public void Add_Repeatedly_IsForgivenLaterEachTimeUpToABound()
    {
        var memory = FailureMemory.Empty;
        var at = Start;
        var longest = TimeSpan.Zero;
        for (var i = 0; i < 50; i++)
        {
            at += TimeSpan.FromSeconds(15);
            memory = memory.Add("node-1", "HeartbeatTimeout", at, HalfLife);
            var held = memory.Unforgiven(at, HalfLife)["node-1"].Until - at;
            held.ShouldBeGreaterThanOrEqualTo(longest);
            longest = held;
        }

        longest.ShouldBeGreaterThan(TimeSpan.FromMinutes(2));
        longest.ShouldBeLessThanOrEqualTo(TimeSpan.FromMinutes(5));
    }

    [Fact]
    public void Add_InAnyOrder_ComesToTheSame()
    {
        var later = Start + TimeSpan.FromSeconds(40);

        var one = FailureMemory.Empty.Add("node-1", "Released", Start, HalfLife).Add("node-1", "HeartbeatTimeout", later, HalfLife);
        var two = FailureMemory.Empty.Add("node-1", "HeartbeatTimeout", later, HalfLife).Add("node-1", "Released", Start, HalfLife);

        one.Unforgiven(Start, HalfLife)["node-1"].ShouldBe(two.Unforgiven(Start, HalfLife)["node-1"]);
        one.Unforgiven(Start, HalfLife)["node-1"].Reason.ShouldBe("HeartbeatTimeout");
    }

    [Fact]
    public void Add_NoHalfLife_RemembersNothing()
    {
        FailureMemory.Empty.Add("node-1", "Released", Start, TimeSpan.Zero).Unforgiven(Start, HalfLife).ShouldBeEmpty();
    }
}
