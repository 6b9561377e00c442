using System.Net;
using Mooring.Core.Balancing;

namespace Mooring.Core.Tests.Balancing;

/// <summary>The golden vectors of docs/slots.md; the data plane's tests send packets through the kernel for the same.</summary>
public sealed class SlotHashTests
{
    [Theory]
    [InlineData("10.70.0.200", 40000, 0, 0, 97)]
    [InlineData("10.70.0.200", 40001, 59, 239, 61290)]
    [InlineData("192.0.2.1", 1, 52, 210, 53893)]
    [InlineData("255.255.255.255", 65535, 18, 74, 19168)]
    [InlineData("fd00:70::200", 40000, 23, 95, 24462)]
    [InlineData("2001:db8::1", 443, 45, 182, 46702)]
    public void OfFlow_GoldenVectors_Match(string client, int port, int of64, int of256, int of65536)
    {
        var address = IPAddress.Parse(client);

        SlotHash.OfFlow(address, (ushort)port, 64).ShouldBe(of64);
        SlotHash.OfFlow(address, (ushort)port, 256).ShouldBe(of256);
        SlotHash.OfFlow(address, (ushort)port, 65536).ShouldBe(of65536);
    }

    [Theory]
    [InlineData("10.70.0.200", 18, 74, 19174)]
    [InlineData("192.0.2.1", 4, 17, 4565)]
    [InlineData("fd00:70::200", 30, 120, 30752)]
    public void OfClient_GoldenVectors_Match(string client, int of64, int of256, int of65536)
    {
        var address = IPAddress.Parse(client);

        SlotHash.OfClient(address, 64).ShouldBe(of64);
        SlotHash.OfClient(address, 256).ShouldBe(of256);
        SlotHash.OfClient(address, 65536).ShouldBe(of65536);
    }

    [Fact]
    public void OfFlow_LargerTable_SlotLiesInTheOneOfTheSmaller()
    {
        for (var port = 1; port < 5000; port++)
        {
            var client = IPAddress.Parse($"10.{port % 7}.{port % 251}.9");
            (SlotHash.OfFlow(client, (ushort)port, 1024) / 4).ShouldBe(SlotHash.OfFlow(client, (ushort)port, 256));
        }
    }
}
