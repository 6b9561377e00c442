using System.Net;
using Mooring.Core.Packets;

namespace Mooring.Core.Tests.Packets;

public sealed class IPv6AddressTests
{
    [Theory]
    [InlineData("fd00:70::100")]
    [InlineData("::")]
    [InlineData("2001:db8:1:2:3:4:5:6")]
    public void From_Address_ComesBack(string text)
    {
        var address = IPv6Address.From(IPAddress.Parse(text));

        address.ToIPAddress().ShouldBe(IPAddress.Parse(text));
        address.ToString().ShouldBe(text);
        Span<byte> bytes = stackalloc byte[IPv6Address.Length];
        address.Write(bytes);
        IPv6Address.Read(bytes).ShouldBe(address);
    }

    [Fact]
    public void From_IPv4_IsRefused()
        => Should.Throw<ArgumentException>(() => IPv6Address.From(IPAddress.Parse("10.70.0.1")));

    [Theory]
    [InlineData("fd00:70::100", "ff02::1:ff00:100", "33:33:ff:00:01:00")]
    [InlineData("2001:db8::aabb:ccdd", "ff02::1:ffbb:ccdd", "33:33:ff:bb:cc:dd")]
    public void SolicitedNode_Address_IsTheGroupOfItsLastThreeBytes(string text, string group, string mac)
    {
        var solicited = IPv6Address.From(IPAddress.Parse(text)).SolicitedNode;

        solicited.ToString().ShouldBe(group);
        solicited.MulticastMac.ToString().ShouldBe(mac);
    }

    [Theory]
    [InlineData("fd00:70::1", true)]
    [InlineData("fe80::1", true)]
    [InlineData("::", false)]
    [InlineData("::1", false)]
    [InlineData("ff02::1", false)]
    public void IsHost_Address_IsOneThatAHostMayHave(string text, bool host)
        => IPv6Address.From(IPAddress.Parse(text)).IsHost.ShouldBe(host);
}
