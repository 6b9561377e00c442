using System.Net;
using Mooring.Core.Packets;
using Mooring.Core.Snapshots;
using Mooring.Linux.Tests;

namespace Mooring.Agent.Tests.Speaker;

// Which interface announces and answers, and what happens to it.
public sealed partial class ArpSpeakerTests
{
    [Fact]
    public async Task Hold_TwoInterfaces_EachAnswersForItsSubnetOnly()
    {
        var first = _lab.Capture("eth0");
        var second = _lab.Capture("eth1");
        _lab.Speaker.Hold(Vip, _lab.Far);
        _lab.Speaker.Hold(OnOtherLink, _lab.Far);
        await first.PacketsAsync(2);
        await second.PacketsAsync(2);

        first.Packets.ShouldAllBe(packet => packet.SenderAddress == VipValue);
        second.Packets.ShouldAllBe(packet => packet.SenderAddress == IPv4Address.From(OnOtherLink));
        first.Clear();
        first.Send(SpeakerLab.Question(OnOtherLink));
        (await RoundTripAsync(first)).ShouldBeEmpty();
        _lab.Ping("10.70.0.100").ShouldBe(1);
        _lab.Ping("10.71.0.100").ShouldBe(1);
    }

    [Fact]
    public void Hold_NoInterfaceInSubnet_SaysSo()
        => Should.Throw<InvalidOperationException>(() => _lab.Speaker.Hold(IPAddress.Parse("192.0.2.1"), _lab.Far))
            .Message.ShouldBe("192.0.2.1 cannot be announced: no interface that is up has a subnet with it");

    [Fact]
    public void Hold_InterfaceDown_SaysSo()
    {
        _lab.Speaker.InterfacesChanged([_lab.Interfaces[0] with { Up = false }]);

        Should.Throw<InvalidOperationException>(() => _lab.Speaker.Hold(Vip, _lab.Far));
    }

    [Fact]
    public async Task Link_DownAndUp_AnnouncesAndAnswersAgain()
    {
        var capture = await HeldAsync();

        TestNamespaces.Ip(_lab.Node, "link set eth0 down");
        _lab.Speaker.InterfacesChanged([_lab.Interfaces[0] with { Up = false }]);
        _lab.Time.Advance(TimeSpan.FromSeconds(10));
        TestNamespaces.Ip(_lab.Node, "link set eth0 up");
        _lab.Speaker.InterfacesChanged(_lab.Interfaces);

        (await capture.PacketsAsync(2)).ShouldAllBe(packet => packet.IsAnnouncement && packet.SenderMac == SpeakerLab.OwnMac);
        _lab.Ping("10.70.0.100", "-c1 -W20").ShouldBe(1);
    }

    [Fact]
    public async Task Link_DownAndUpUnnoticed_AnswersAgain()
    {
        var capture = await HeldAsync();

        TestNamespaces.Ip(_lab.Node, "link set eth0 down");
        TestNamespaces.Ip(_lab.Node, "link set eth0 up");
        capture.Send(SpeakerLab.Question(Vip));

        (await capture.PacketsAsync(1)).ShouldBe([Answer]);
    }

    [Fact]
    public async Task Link_MacChanges_AnnouncesTheNewOne()
    {
        var capture = await HeldAsync();
        var mac = new MacAddress(0x0200_0000_00DD);

        TestNamespaces.Ip(_lab.Node, $"link set eth0 address {mac}");
        _lab.Speaker.InterfacesChanged([_lab.Interfaces[0] with { MacAddress = mac.ToPhysicalAddress() }]);

        (await capture.PacketsAsync(2)).ShouldAllBe(packet => packet.IsAnnouncement && packet.SenderMac == mac);
        _lab.Ping("10.70.0.100").ShouldBe(1);
    }

    [Fact]
    public async Task Link_SubnetMovesToAnotherInterface_AnnouncesThere()
    {
        await HeldAsync();
        var second = _lab.Capture("eth1");

        _lab.Speaker.InterfacesChanged(
        [
            _lab.Interfaces[0] with { Addresses = [] },
            _lab.Interfaces[1] with { Addresses = _lab.Interfaces[0].Addresses },
        ]);

        (await second.PacketsAsync(2)).ShouldAllBe(packet => packet.IsAnnouncement && packet.SenderAddress == VipValue);
    }

    [Fact]
    public async Task Link_RemovedAndMadeAnew_AnswersOnTheNewOne()
    {
        await HeldAsync();
        TestNamespaces.Ip(_lab.Node, "link delete eth0");
        _lab.Speaker.InterfacesChanged([_lab.Interfaces[1]]);

        TestNamespaces.Join(
            _lab.Node, "eth0", SpeakerLab.OwnMac.ToString(), _lab.Peer, "eth0", SpeakerLab.PeerMac.ToString());
        TestNamespaces.Ip(_lab.Peer, "address add 10.70.0.1/24 dev eth0");
        _lab.Speaker.InterfacesChanged(
            [_lab.Interfaces[0] with { Index = SpeakerLab.IndexOf(_lab.Node, "eth0") }, _lab.Interfaces[1]]);

        _lab.Ping("10.70.0.100", "-c1 -W20").ShouldBe(1);
    }
}
