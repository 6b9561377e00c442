using Mooring.Controller.Trust;
using static Mooring.Controller.Trust.HeartbeatKeyRing;

namespace Mooring.Controller.Tests.Trust;

public sealed class HeartbeatKeyRingTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);
    private static readonly TimeSpan Patience = TimeSpan.FromHours(24);

    private readonly HeartbeatKeyRing _first = Create(Start);

    [Theory]
    [InlineData(29, false, false)]
    [InlineData(30, false, true)]
    [InlineData(1, true, true)]
    public void Advance_OneKey_IsJoinedByAnotherWhenDueOrRequested(int days, bool requested, bool joined)
    {
        var next = Advance(_first, Start.AddDays(days), everywhere: false, requested);

        (next.Other is not null).ShouldBe(joined);
        next.Signing.ShouldBe(_first.Signing, "the new one signs nothing yet");
    }

    [Fact]
    public void Advance_LifetimeOfZero_ReplacesOnRequestAlone()
    {
        _first.Advance(Start.AddDays(9000), TimeSpan.Zero, Patience, requested: false, everywhere: true).ShouldBeSameAs(_first);
        _first.Advance(Start, TimeSpan.Zero, Patience, requested: true, everywhere: true).At.ShouldBe(Step.Announced);
    }

    [Fact]
    public void Advance_EachStep_WaitsUntilEveryAgentHasTheOneBefore()
    {
        var now = Start.AddDays(30);
        var announced = Advance(_first, now, everywhere: true);
        Advance(announced, now.AddHours(23), everywhere: false).ShouldBeSameAs(announced);

        var inUse = Advance(announced, now.AddSeconds(1), everywhere: true);
        inUse.Keys.ShouldBe([announced.Other!, announced.Signing]);
        Advance(inUse, now.AddHours(23), everywhere: false).ShouldBeSameAs(inUse);

        var alone = Advance(inUse, now.AddSeconds(2), everywhere: true);
        alone.Keys.ShouldBe([announced.Other!]);
        Advance(alone, now.AddDays(29), everywhere: true).ShouldBeSameAs(alone, "its own age counts");
    }

    [Fact]
    public void Advance_AgentAwayForADay_IsNotWaitedForAnyLonger()
    {
        var announced = Advance(_first, Start, everywhere: false, requested: true);

        Advance(announced, Start + Patience, everywhere: false).At.ShouldBe(Step.InUse);
    }

    [Fact]
    public void Advance_SecondKeyPutThereByHand_IsLeftToThatHand()
    {
        var byHand = Advance(_first, Start, everywhere: true, requested: true) with { At = Step.None };

        Advance(byHand, Start.AddDays(90), everywhere: true, requested: true).ShouldBeSameAs(byHand);
    }

    [Fact]
    public void Advance_AfterKey255_ComesKey1()
    {
        var last = _first with { Signing = _first.Signing with { Id = 255 } };

        Advance(last, Start, everywhere: true, requested: true).Other!.Id.ShouldBe((byte)1);
    }

    [Fact]
    public void Secret_WrittenAndRead_IsTheSame()
    {
        var announced = Advance(_first, Start, everywhere: true, requested: true);
        foreach (var ring in (HeartbeatKeyRing[])[_first, announced, Advance(announced, Start, everywhere: true)])
        {
            var read = HeartbeatKeySecret.Read(HeartbeatKeySecret.Write(ring), Start.AddDays(1))!;

            (read.At, read.Made, read.Since).ShouldBe((ring.At, ring.Made, ring.Since));
            read.Keys.Select(key => (key.Id, Convert.ToHexString([.. key.Secret])))
                .ShouldBe(ring.Keys.Select(key => (key.Id, Convert.ToHexString([.. key.Secret]))));
        }

        HeartbeatKeySecret.Read(null, Start).ShouldBeNull();
    }

    [Theory]
    [InlineData(HeartbeatKeySecret.KeyEntry)]
    [InlineData(HeartbeatKeySecret.IdEntry)]
    [InlineData(HeartbeatKeySecret.MadeEntry)]
    public void Secret_Damaged_IsNamedWithoutItsContents(string entry)
    {
        var data = HeartbeatKeySecret.Write(_first);
        data[entry] = "very secret"u8.ToArray();

        var fault = Should.Throw<InvalidDataException>(() => HeartbeatKeySecret.Read(data, Start));

        fault.Message.ShouldContain($"data.{entry}");
        fault.ToString().ShouldNotContain("very secret");
    }

    private static HeartbeatKeyRing Advance(HeartbeatKeyRing ring, DateTimeOffset now, bool everywhere, bool requested = false) =>
        ring.Advance(now, Lifetime, Patience, requested, everywhere);
}
