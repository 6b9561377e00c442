using System.Net;
using Mooring.Core.Packets;

namespace Mooring.Core.Tests.Packets;

public sealed class IPv4AddressTests
{
    [Fact]
    public void From_IPAddress_RoundTrips()
    {
        var address = IPv4Address.From(IPAddress.Parse("10.70.0.100"));

        address.Value.ShouldBe(0x0A46_0064u);
        address.ToIPAddress().ShouldBe(IPAddress.Parse("10.70.0.100"));
    }

    [Fact]
    public void From_IPv6_Throws() => Should.Throw<ArgumentException>(() => IPv4Address.From(IPAddress.IPv6Loopback));

    [Theory]
    [InlineData("10.0.0.1", true)]
    [InlineData("223.255.255.255", true)]
    [InlineData("0.0.0.0", false)]
    [InlineData("0.1.2.3", false)]
    [InlineData("127.0.0.1", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    public void IsHost_Address_IsOneThatMayBeAnswered(string address, bool expected)
        => IPv4Address.From(IPAddress.Parse(address)).IsHost.ShouldBe(expected);
}
