using Mooring.Core.Failover;

namespace Mooring.Core.Tests.Failover;

public sealed class ReplayWindowTests
{
    private readonly ReplayWindow _window = new();

    [Fact]
    public void Accept_EachNumberOnce_InAnyOrderWithinTheWindow()
    {
        ulong[] order = [5, 3, 9, 4, 70, 8];
        order.Select(sequence => Accept(1, sequence)).ShouldBe([true, true, true, true, true, true]);
        order.Select(sequence => Accept(1, sequence)).ShouldAllBe(accepted => !accepted);
    }

    [Fact]
    public void Accept_FarBehind_IsRefused()
    {
        Accept(1, 1000).ShouldBeTrue();
        Accept(1, 937).ShouldBeTrue();
        Accept(1, 936).ShouldBeFalse();
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

    private bool Accept(ulong epoch, ulong sequence, int seconds = 0) =>
        _window.Accept(epoch, sequence, TimeSpan.FromSeconds(seconds));
}
