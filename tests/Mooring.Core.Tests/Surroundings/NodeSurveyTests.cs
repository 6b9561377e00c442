using System.Net;
using Mooring.Core.Snapshots;
using Mooring.Core.Surroundings;

namespace Mooring.Core.Tests.Surroundings;

public sealed class NodeSurveyTests
{
    private static readonly IPAddress Vip = IPAddress.Parse("10.70.0.100");
    private static readonly LocalInterface Lan = On("eth0", "10.70.0.11/24") with { HasDefaultRoute = true };

    [Fact]
    public void Find_NothingBound_NothingFound() => Find(Lan, On("lo", "127.0.0.1/8")).ShouldBeEmpty();

    [Fact]
    public void Find_IpvsWithoutStrictArp_SaysTheFixOfKubeProxy() =>
        Find(Lan, On("kube-ipvs0", "10.70.0.100/32")).ShouldBe(
        [
            "10.70.0.100 is bound to kube-ipvs0 and net.ipv4.conf.eth0.arp_ignore is 0, so the node answers ARP for it whoever holds "
            + "it: set ipvs.strictARP: true in the configuration of kube-proxy",
        ]);

    [Fact]
    public void Find_IpvsThatMayClaimTheAddress_SaysSo() =>
        Find(Lan with { ArpIgnore = 1 }, On("kube-ipvs0", "10.70.0.100/32")).ShouldHaveSingleItem()
            .ShouldContain("arp_announce is 0, so the node may claim it in ARP requests");

    [Fact]
    public void Find_IpvsWithStrictArp_IsAsItShouldBe() =>
        Find(Lan with { ArpIgnore = 1, ArpAnnounce = 2 }, On("kube-ipvs0", "10.70.0.100/32")).ShouldBeEmpty();

    [Fact]
    public void Find_BoundToTheInterfaceItself_SaysHowToRemoveIt() =>
        Find(On("eth0", "10.70.0.11/24", "10.70.0.100/24") with { ArpIgnore = 2, ArpAnnounce = 2 }).ShouldBe(
        [
            "10.70.0.100 is bound to eth0, whose kernel answers for it whoever holds it: run ip address del 10.70.0.100/24 dev eth0",
        ]);

    [Theory]
    [InlineData(0, "sysctl -w net.ipv4.conf.all.arp_ignore=1")]
    [InlineData(1, "connections of the node itself end there; run ip address del 10.70.0.100/32 dev lo")]
    public void Find_BoundToLoopback_SaysWhatItDoes(int ignore, string words) =>
        Find(Lan with { ArpIgnore = ignore, ArpAnnounce = 2 }, On("lo", "127.0.0.1/8", "10.70.0.100/32")).ShouldHaveSingleItem().ShouldContain(words);

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, false)]
    [InlineData(0, false)]
    public void Find_StrictFilterOffTheDefaultRoute_IsTold(int filter, bool told) =>
        Find(Lan with { HasDefaultRoute = false, ReversePathFilter = filter }, On("eth1", "192.0.2.11/24") with { HasDefaultRoute = true })
            .ShouldBe(told
                ?
                [
                    "net.ipv4.conf.eth0.rp_filter is 1 and the default route leaves by eth1: packets for 10.70.0.100 from clients beyond "
                    + "the subnets of eth0 are dropped; run sysctl -w net.ipv4.conf.eth0.rp_filter=2",
                ]
                : []);

    [Theory]
    [InlineData("ip daddr 10.70.0.100 tcp dport 80 dnat to 10.71.1.2", true)]
    [InlineData("""{"daddr":"10.70.0.100"}""", true)]
    [InlineData("ip daddr 10.70.0.10 dnat to 110.70.0.100", false)]
    public void Find_RulesOfAnotherProgramThatComeFirst_CountWhereTheyNameTheAddress(string text, bool told) =>
        NodeSurvey.Find([Vip], [Lan], [new ForeignRules("ip other", "pre", -150, text)]).Length.ShouldBe(told ? 1 : 0);

    [Fact]
    public void Find_IPv6BoundElsewhere_IsNoMatterOfArp() =>
        NodeSurvey.Find([IPAddress.Parse("fd00:70::100")], [On("eth0", "fd00:70::11/64"), On("kube-ipvs0", "fd00:70::100/128")], [])
            .ShouldBeEmpty();

    private static IEnumerable<string> Find(params LocalInterface[] interfaces) =>
        NodeSurvey.Find([Vip], [.. interfaces], []).Select(problem => problem.Message);

    private static LocalInterface On(string name, params string[] addresses) => new()
    {
        Name = name,
        Addresses = [.. addresses.Select(text => new InterfaceAddress(
            IPAddress.Parse(text.Split('/')[0]),
            new IPNetwork(Masked(IPAddress.Parse(text.Split('/')[0]), int.Parse(text.Split('/')[1])), int.Parse(text.Split('/')[1]))))],
    };

    private static IPAddress Masked(IPAddress address, int length)
    {
        var bytes = address.GetAddressBytes();
        for (var bit = length; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new IPAddress(bytes);
    }
}
