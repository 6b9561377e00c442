using System.Net;
using System.Net.NetworkInformation;
using Mooring.Agent.Interfaces;
using Mooring.Linux.Netlink;

namespace Mooring.Agent.Tests.Interfaces;

public sealed class InterfaceSelectionTests
{
    [Fact]
    public void Of_NodeWithPodsAndLoopback_TellsWhatCanAnnounce()
    {
        LinkState[] links =
        [
            Link("lo", "127.0.0.1") with { SpeaksArp = false },
            Link("eth0", "10.70.0.11"),
            Link("eth1", "192.168.5.4") with { Up = false },
            Link("veth1"),
            Link("veth2", "fe80::1"),
            Link("port0", "10.9.0.1") with { MasterIndex = 7 },
        ];

        var all = InterfaceSelection.Of(links, only: []);

        all.Select(one => one.Name).ShouldBe(["eth0", "eth1"]);
        all[0].Addresses.ShouldHaveSingleItem().Subnet.ToString().ShouldBe("10.70.0.0/24");
        all[1].Up.ShouldBeFalse();
    }

    [Fact]
    public void Of_NamesGiven_TellsOnlyThose() =>
        InterfaceSelection.Of([Link("eth0", "10.70.0.11"), Link("eth1", "10.80.0.11")], only: ["eth1"])
            .ShouldHaveSingleItem().Name.ShouldBe("eth1");

    private static LinkState Link(string name, params string[] addresses) => new()
    {
        Index = 2,
        Name = name,
        Mac = new PhysicalAddress([2, 0, 0, 0, 0, 1]),
        Up = true,
        SpeaksArp = true,
        Mtu = 1500,
        Addresses = [.. addresses.Select(text => new LinkAddress(
            IPAddress.Parse(text),
            text.Contains(':') ? IPNetwork.Parse("fe80::/64") : IPNetwork.Parse($"{text[..text.LastIndexOf('.')]}.0/24")))],
    };
}
