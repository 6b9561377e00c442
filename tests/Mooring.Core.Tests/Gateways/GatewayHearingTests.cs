using Mooring.Core.Gateways;

namespace Mooring.Core.Tests.Gateways;

public sealed class GatewayHearingTests
{
    private readonly GatewayHearing _hearing = new();
    private TimeSpan _now;

    [Fact]
    public void Reachable_NeverHeard_IsUnknownHoweverOftenItIsAsked()
    {
        Ask(10);

        _hearing.Reachable.ShouldBeNull();
    }

    [Fact]
    public void Reachable_HeardAndThenSilent_IsLostAfterThreeQuestions()
    {
        Ask(1);
        _hearing.Hear(_now);
        _hearing.NextAsk.ShouldBe(_now + GatewayHearing.Pace);

        var silentSince = _hearing.NextAsk;
        Ask(3);
        _hearing.Reachable.ShouldBe(true, "the third may still be answered");
        Ask(1);

        _hearing.Reachable.ShouldBe(false);
        (_now - silentSince).ShouldBe(3 * GatewayHearing.Patience);
        _hearing.NextAsk.ShouldBe(_now + GatewayHearing.Pace, "it is not pressed any more");
    }

    [Fact]
    public void Hear_AfterSilence_IsReachableAtOnce()
    {
        _hearing.Hear(_now);
        Ask(5);

        _hearing.Hear(_now);

        _hearing.Reachable.ShouldBe(true);
        _hearing.MayHaveMoved.ShouldBeFalse();
    }

    [Fact]
    public void MayHaveMoved_OneQuestionUnanswered_AsksAll()
    {
        _hearing.Hear(_now);
        _hearing.MayHaveMoved.ShouldBeFalse();

        Ask(1);

        _hearing.MayHaveMoved.ShouldBeTrue();
    }

    [Fact]
    public void AskSoon_Waiting_IsDueNow()
    {
        _hearing.Hear(_now);

        _hearing.AskSoon(_now);

        _hearing.NextAsk.ShouldBe(_now);
    }

    private void Ask(int times)
    {
        for (var i = 0; i < times; i++)
        {
            _now = _hearing.NextAsk;
            _hearing.Ask(_now);
        }
    }
}
