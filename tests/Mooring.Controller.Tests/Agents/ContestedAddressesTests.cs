using System.Net;
using Mooring.Controller.Agents;

namespace Mooring.Controller.Tests.Agents;

public sealed class ContestedAddressesTests
{
    private static readonly IPAddress Address = IPAddress.Parse("10.70.0.100");
    private static readonly ReportedConflict AmongNodes = new(Address, "02:00:00:00:00:02", "node-2", "node-1");
    private static readonly ReportedConflict Foreign = new(Address, "02:00:00:00:00:99", null, "node-1");

    private readonly HandMovedTime _time = new();
    private readonly ContestedAddresses _contested;

    public ContestedAddressesTests() => _contested = new ContestedAddresses(_time);

    [Theory]
    [InlineData("node-1")]
    [InlineData("node-2")]
    public void GaveUp_EitherOfTheTwoNodes_EndsTheConflict(string node)
    {
        _contested.Saw(AmongNodes);
        _contested.GaveUp("node-3", Address);
        _contested.GaveUp(node, IPAddress.Parse("10.70.0.101"));
        _contested.Current.ShouldContainKey(Address);

        _contested.GaveUp(node, Address);

        _contested.Current.ShouldBeEmpty();
        _contested.Any.ShouldBeFalse();
    }

    [Fact]
    public void GaveUp_ForeignHost_StaysAsItIsStillThere()
    {
        _contested.Saw(Foreign);

        _contested.GaveUp("node-1", Address);

        _contested.Current[Address].ShouldBe(Foreign);
    }

    [Fact]
    public void Expire_NotSeenAgain_IsForgottenAfterAWhile()
    {
        _contested.Saw(Foreign);
        _time.Advance(ContestedAddresses.Memory - TimeSpan.FromSeconds(1));
        _contested.Expire().ShouldBeFalse();
        _contested.Saw(Foreign);
        _time.Advance(ContestedAddresses.Memory - TimeSpan.FromSeconds(1));
        _contested.Expire().ShouldBeFalse("it was seen again");

        _time.Advance(TimeSpan.FromSeconds(1));

        _contested.Expire().ShouldBeTrue();
        _contested.Current.ShouldBeEmpty();
    }

    [Fact]
    public void GaveUp_TwoConflictsOfOneAddress_LeavesTheOther()
    {
        _contested.Saw(Foreign);
        _contested.Saw(AmongNodes);

        _contested.GaveUp("node-2", Address);

        _contested.Current[Address].ShouldBe(Foreign);
    }

    private sealed class HandMovedTime : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public void Advance(TimeSpan by) => _now += by.Ticks;
    }
}
