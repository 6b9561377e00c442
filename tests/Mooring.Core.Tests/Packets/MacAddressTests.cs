using System.Net.NetworkInformation;
using Mooring.Core.Packets;

namespace Mooring.Core.Tests.Packets;

public sealed class MacAddressTests
{
    [Fact]
    public void From_PhysicalAddress_RoundTrips()
    {
        var physical = PhysicalAddress.Parse("02-00-0A-0B-0C-FD");

        var mac = MacAddress.From(physical);

        mac.ToString().ShouldBe("02:00:0a:0b:0c:fd");
        mac.ToPhysicalAddress().ShouldBe(physical);
    }

    [Fact]
    public void From_EightBytes_Throws()
        => Should.Throw<ArgumentException>(() => MacAddress.From(new PhysicalAddress(new byte[8])));

    [Theory]
    [InlineData(0x0200_0000_0001, true)]
    [InlineData(0, false)]
    [InlineData(0x0100_5E00_0001, false)]
    [InlineData(0xFFFF_FFFF_FFFF, false)]
    public void IsUnicast_Address_IsNeitherGroupNorZero(ulong value, bool expected)
        => new MacAddress(value).IsUnicast.ShouldBe(expected);
}
