using Mooring.Core.Failover;

namespace Mooring.Core.Tests.Failover;

public sealed class ReplayWindowTests
{
    private readonly ReplayWindow _window = new(ownEpoch: 77, FailoverRules.Default);

    [Fact]
    public void Accept_EachNumberOnce_InAnyOrderWithinTheWindow()
    {
        Accept(1, 2).ShouldBeTrue();
        ulong[] order = [5, 3, 9, 4, 65, 8];
        order.Select(sequence => Accept(1, sequence)).ShouldBe([true, true, true, true, true, true]);
        order.Select(sequence => Accept(1, sequence)).ShouldAllBe(accepted => !accepted);
    }

    [Fact]
    public void Accept_FarBehind_IsRefused()
    {
        Accept(1, 900).ShouldBeTrue();
        Accept(1, 1000).ShouldBeTrue();
        Accept(1, 937).ShouldBeTrue();
        Accept(1, 936).ShouldBeFalse();
    }

    [Fact]
    public void Accept_OlderThanTheFirst_IsRefused()
    {
        Accept(1, 1000).ShouldBeTrue();
        Accept(1, 999).ShouldBeFalse();
        Accept(1, 1002).ShouldBeTrue();
        Accept(1, 1001).ShouldBeTrue();
    }

    [Fact]
    public void Accept_SaidToAnEarlierStartOfThisNode_IsStale()
    {
        _window.Accept(1, 1, receiverEpoch: 76, TimeSpan.Zero).ShouldBe(HeartbeatDecodeResult.Stale);
        _window.Accept(1, 1, receiverEpoch: 0, TimeSpan.Zero).ShouldBe(HeartbeatDecodeResult.Ok);
        _window.Accept(1, 2, receiverEpoch: 77, TimeSpan.Zero).ShouldBe(HeartbeatDecodeResult.Ok);
    }

    [Fact]
    public void Accept_HigherEpoch_StartsAnewAndRefusesTheOldOne()
    {
        Accept(1, 1000).ShouldBeTrue();
        Accept(2, 1).ShouldBeTrue();
        Accept(1, 1001).ShouldBeFalse();
    }

    [Fact]
    public void Accept_LowerEpochAfterLongSilence_IsTakenForAnewStart()
    {
        Accept(5, 1000, seconds: 0).ShouldBeTrue();
        Accept(4, 1, seconds: 9).ShouldBeFalse();
        Accept(4, 1, seconds: 11).ShouldBeTrue();
        Accept(4, 1, seconds: 11).ShouldBeFalse();
    }

    [Fact]
    public void Accept_EpochThatWasLeft_IsRefusedHoweverLongTheSilence()
    {
        Accept(5, 1, seconds: 0).ShouldBeTrue();
        Accept(6, 1, seconds: 1).ShouldBeTrue();
        Accept(5, 2, seconds: 60).ShouldBeFalse();

        // The disk was lost and the clock set back; what was recorded before that stays refused.
        Accept(4, 1, seconds: 60).ShouldBeTrue();
        Accept(6, 2, seconds: 120).ShouldBeFalse();
        Accept(7, 1, seconds: 120).ShouldBeTrue();
    }

    [Fact]
    public void Accept_ManyStarts_RemembersTheLastOnes()
    {
        for (var epoch = 100UL; epoch < 300; epoch++)
        {
            Accept(epoch, 1).ShouldBeTrue();
        }

        Accept(298, 2, seconds: 60).ShouldBeFalse();
        Accept(240, 2, seconds: 60).ShouldBeFalse();
    }

    private bool Accept(ulong epoch, ulong sequence, int seconds = 0) =>
        _window.Accept(epoch, sequence, receiverEpoch: 77, TimeSpan.FromSeconds(seconds)) == HeartbeatDecodeResult.Ok;
}
