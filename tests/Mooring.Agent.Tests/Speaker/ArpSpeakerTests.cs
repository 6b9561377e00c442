using System.Net;
using Mooring.Core.Packets;
using Mooring.Core.Snapshots;
using Mooring.Linux.Tests;

namespace Mooring.Agent.Tests.Speaker;

/// <summary>Real frames between two namespaces; the clock of deadlines and announcements is moved by hand.</summary>
public sealed class ArpSpeakerTests : IAsyncLifetime
{
    private static readonly IPAddress Vip = IPAddress.Parse("10.70.0.100");
    private static readonly IPAddress Second = IPAddress.Parse("10.70.0.101");
    private static readonly IPAddress OnOtherLink = IPAddress.Parse("10.71.0.100");
    private static readonly IPv4Address VipValue = IPv4Address.From(Vip);

    private static readonly ArpPacket Answer = new(
        ArpOperation.Reply, SpeakerLab.OwnMac, VipValue, SpeakerLab.PeerMac, new IPv4Address(0x0A46_0001));

    private readonly SpeakerLab _lab = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    [Fact]
    public async Task Hold_FirstPair_IsOnTheWireInBothFormsWhenItReturns()
    {
        var capture = _lab.Capture();

        _lab.Speaker.Hold(Vip, _lab.Far).ShouldBe(_lab.Time.GetTimestamp());

        var packets = await capture.PacketsAsync(2);
        packets.ShouldBe(
        [
            new ArpPacket(ArpOperation.Request, SpeakerLab.OwnMac, VipValue, default, VipValue),
            new ArpPacket(ArpOperation.Reply, SpeakerLab.OwnMac, VipValue, SpeakerLab.OwnMac, VipValue),
        ]);
        foreach (var frame in capture.Frames)
        {
            EthernetHeader.TryRead(frame, out var header).ShouldBeTrue();
            header.Destination.ShouldBe(MacAddress.Broadcast);
            header.Source.ShouldBe(SpeakerLab.OwnMac);
        }
    }

    [Fact]
    public async Task Hold_TimePasses_BurstsThenRefreshesWithJitter()
    {
        var capture = _lab.Capture();
        _lab.Speaker.Hold(Vip, _lab.Far);

        _lab.Time.Advance(TimeSpan.FromSeconds(2));
        await capture.PacketsAsync(12); // at 0, 50, 150, 500, 1000 and 2000 ms

        _lab.Time.Advance(TimeSpan.FromSeconds(47.9)); // a refresh is 48 to 72 s after the burst
        await RoundTripAsync(capture);
        capture.Packets.Count(packet => packet.IsAnnouncement).ShouldBe(12);
        _lab.Time.Advance(TimeSpan.FromSeconds(24.2));
        await capture.PacketsAsync(14);
        _lab.Meters["mooring_announcements_sent_total"].ShouldBe(12 + 2 + 2, "the round trip announced too");
    }

    [Fact]
    public void Hold_PeerPings_ResolvesFromTheWireAndGetsAnAnswer()
    {
        _lab.Speaker.Hold(Vip, _lab.Far);

        _lab.Ping("10.70.0.100").ShouldBe(1);

        TestNamespaces.Exec(_lab.Peer, "ip neigh show 10.70.0.100").ShouldContain(SpeakerLab.OwnMac.ToString());
        TestNamespaces.Exec(_lab.Node, "ip address").ShouldNotContain("10.70.0.100", Case.Sensitive, "never bound");
        _lab.Meters["mooring_icmp_echo_answered_total"].ShouldBe(1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(56)]
    [InlineData(1472)]
    public void Hold_PingOfAnySizeThatFitsThePacket_IsAnswered(int size)
    {
        _lab.Speaker.Hold(Vip, _lab.Far);

        _lab.Ping("10.70.0.100", $"-c1 -W5 -s {size}").ShouldBe(1);
    }

    [Fact]
    public async Task Hold_BroadcastAndUnicastRequest_AreBothAnswered()
    {
        var capture = await HeldAsync();

        capture.Send(SpeakerLab.Question(Vip));
        capture.Send(SpeakerLab.Question(Vip), SpeakerLab.OwnMac);

        (await capture.PacketsAsync(2)).ShouldBe([Answer, Answer]);
        EthernetHeader.TryRead(capture.Frames[0], out var header).ShouldBeTrue();
        header.ShouldBe(new EthernetHeader(SpeakerLab.PeerMac, SpeakerLab.OwnMac, EtherType.Arp));
    }

    [Fact]
    public async Task Hold_DuplicateAddressProbe_IsDefended()
    {
        var capture = await HeldAsync();

        capture.Send(SpeakerLab.Question(Vip) with { SenderAddress = IPv4Address.Any });

        (await capture.PacketsAsync(1)).ShouldBe([Answer with { TargetAddress = IPv4Address.Any }]);
    }

    [Fact]
    public async Task Hold_FramesThatAskNothing_AreNotAnswered()
    {
        var capture = await HeldAsync();

        capture.Send(SpeakerLab.Question(Vip, ArpOperation.Reply));
        capture.Send(SpeakerLab.Question(Vip) with { SenderAddress = VipValue });
        capture.Send(SpeakerLab.Question(Vip) with { SenderMac = SpeakerLab.OwnMac });
        capture.Send(SpeakerLab.Question(Second));
        capture.Send(SpeakerLab.Question(Vip), new MacAddress(0x0200_0000_00CC));
        var tagged = new byte[ArpPacket.FrameLength];
        SpeakerLab.Question(Vip).WriteFrame(tagged, MacAddress.Broadcast);
        capture.Send([.. tagged.AsSpan(0, 12), 0x81, 0x00, 0x00, 0x07, .. tagged.AsSpan(12)]); // VLAN 7

        (await RoundTripAsync(capture)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Deadline_Past_NeitherAnnouncesNorAnswersUntilExtended()
    {
        var capture = _lab.Capture();
        _lab.Speaker.Hold(Second, _lab.Far);
        await capture.PacketsAsync(2);
        capture.Clear();

        _lab.Speaker.Hold(Vip, _lab.Time.GetTimestamp());
        capture.Send(SpeakerLab.Question(Vip));
        (await RoundTripAsync(capture)).ShouldBeEmpty();

        _lab.Speaker.ExtendDeadline(Vip, _lab.Time.In(TimeSpan.FromSeconds(1)));
        (await capture.PacketsAsync(2)).ShouldAllBe(packet => packet.IsAnnouncement && packet.SenderAddress == VipValue);
        capture.Clear();
        capture.Send(SpeakerLab.Question(Vip));
        (await capture.PacketsAsync(1)).ShouldBe([Answer]);
    }

    [Fact]
    public async Task Deadline_PassesInTheMiddleOfTheBurst_SilencesTheRestAndTheRefresh()
    {
        var capture = _lab.Capture();
        _lab.Speaker.Hold(Vip, _lab.Time.In(TimeSpan.FromMilliseconds(150)));
        _lab.Speaker.Watch([Second]);
        _lab.Time.Advance(TimeSpan.FromMinutes(10));

        await capture.PacketsAsync(4); // at 0 and 50 ms
        capture.Send(SpeakerLab.Question(Vip));
        _lab.Speaker.Hold(Second, _lab.Far);
        (await RoundTripAsync(capture)).Count(packet => packet.SenderAddress == VipValue).ShouldBe(4);
    }

    [Fact]
    public async Task ExtendDeadline_BeforeItPasses_KeepsAnsweringWithoutANewBurst()
    {
        var capture = _lab.Capture();
        _lab.Speaker.Hold(Vip, _lab.Time.In(TimeSpan.FromSeconds(3)));
        _lab.Time.Advance(TimeSpan.FromSeconds(2));
        await capture.PacketsAsync(12);
        capture.Clear();

        _lab.Speaker.ExtendDeadline(Vip, _lab.Time.In(TimeSpan.FromSeconds(3)));
        _lab.Time.Advance(TimeSpan.FromSeconds(2));
        capture.Send(SpeakerLab.Question(Vip));

        (await capture.PacketsAsync(1)).ShouldBe([Answer]);
    }

    [Fact]
    public async Task Release_Held_SilencesAnswersBurstAndEcho()
    {
        var capture = await HeldAsync();
        var echoes = _lab.Capture(type: EtherType.IPv4);
        _lab.Speaker.Hold(Second, _lab.Far);
        await capture.PacketsAsync(2);
        capture.Clear();

        _lab.Speaker.Release(Vip);
        _lab.Speaker.ExtendDeadline(Vip, _lab.Far);
        capture.Send(SpeakerLab.Question(Vip));
        TestNamespaces.Ip(_lab.Peer, $"neighbour replace 10.70.0.100 lladdr {SpeakerLab.OwnMac} dev eth0");
        _lab.Ping("10.70.0.100", "-c1 -W1").ShouldBe(0);
        _lab.Time.Advance(TimeSpan.FromMinutes(5));

        (await RoundTripAsync(capture)).ShouldNotContain(packet => packet.SenderAddress == VipValue);
        echoes.Frames.ShouldNotContain(frame => frame[34] == 0); // no echo reply; the kernel may say it is unreachable
    }

    [Fact]
    public async Task Hold_AfterRelease_AnswersAgain()
    {
        var capture = await HeldAsync();
        _lab.Speaker.Release(Vip);

        _lab.Speaker.Hold(Vip, _lab.Far);

        (await capture.PacketsAsync(2)).ShouldAllBe(packet => packet.IsAnnouncement);
        _lab.Ping("10.70.0.100").ShouldBe(1);
    }

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
    public void Hold_ThousandAddresses_AnswersForAll()
    {
        IPAddress[] addresses = [.. Enumerable.Range(0, 1000).Select(i => IPAddress.Parse($"10.71.{i / 250}.{i % 250 + 3}"))];
        _lab.Speaker.InterfacesChanged(
        [
            _lab.Interfaces[0],
            _lab.Interfaces[1] with
            {
                Addresses = [new InterfaceAddress(IPAddress.Parse("10.71.0.11"), IPNetwork.Parse("10.71.0.0/16"))],
            },
        ]);
        TestNamespaces.Ip(_lab.Peer, "address add 10.71.0.2/16 dev eth1");
        Timed("watched at first", () => _lab.Speaker.Watch(addresses));
        Timed("watched but for one", () => _lab.Speaker.Watch(addresses[..^1]));
        Timed("watched again", () => _lab.Speaker.Watch(addresses));

        Timed("taken over, with the first announcements", () =>
        {
            foreach (var address in addresses)
            {
                _lab.Speaker.Hold(address, _lab.Far);
            }
        });
        Timed("deadlines moved", () =>
        {
            foreach (var address in addresses)
            {
                _lab.Speaker.ExtendDeadline(address, _lab.Far);
            }
        });

        _lab.Ping("10.71.0.3").ShouldBe(1);
        _lab.Ping("10.71.3.252").ShouldBe(1);
        foreach (var address in addresses[1..])
        {
            _lab.Speaker.Release(address);
        }

        _lab.Ping("10.71.0.3").ShouldBe(1);
    }

    private static void Timed(string what, Action action)
    {
        var start = TimeProvider.System.GetTimestamp();
        action();
        var elapsed = TimeProvider.System.GetElapsedTime(start).TotalMilliseconds;
        TestContext.Current.TestOutputHelper?.WriteLine($"1,000 addresses {what}: {elapsed:0.0} ms");
    }

    [Fact]
    public void Hold_NotWatchedAndFarApart_AnswersForAll()
    {
        for (var i = 12; i < 212; i += 2)
        {
            _lab.Speaker.Hold(IPAddress.Parse($"10.70.0.{i}"), _lab.Far);
        }

        _lab.Ping("10.70.0.12").ShouldBe(1);
        _lab.Ping("10.70.0.210").ShouldBe(1);
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

    [Fact]
    public async Task Watch_AnotherMachineClaimsTheAddress_IsReportedInEitherForm()
    {
        _lab.Speaker.Watch([Vip]);
        var capture = _lab.Capture();
        var other = new MacAddress(0x0200_0000_0099);

        capture.Send(SpeakerLab.Question(Vip) with { SenderAddress = IPv4Address.Any }); // a probe claims nothing
        capture.Send(ArpPacket.AnnouncementRequest(SpeakerLab.OwnMac, VipValue)); // our own, brought back by a bridge
        capture.Send(ArpPacket.AnnouncementRequest(other, IPv4Address.From(Second))); // not watched
        capture.Send(ArpPacket.AnnouncementRequest(other, VipValue));
        capture.Send(new ArpPacket(ArpOperation.Reply, other, VipValue, SpeakerLab.OwnMac, new IPv4Address(0x0A46_000B)),
            SpeakerLab.OwnMac);

        for (var i = 0; i < 2; i++)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            var claim = await _lab.Speaker.Claims.ReadAsync(limit.Token);
            claim.ShouldBe(new(Vip, other.ToPhysicalAddress(), "eth0", _lab.Time.GetTimestamp()));
        }

        _lab.Speaker.Claims.TryRead(out _).ShouldBeFalse();
        _lab.Meters["mooring_claims_seen_total"].ShouldBe(2);
    }

    [Fact]
    public async Task Watch_HeldHereToo_ReportsTheConflictAndGoesOnAnswering()
    {
        var capture = await HeldAsync();
        _lab.Speaker.Watch([Vip]);

        capture.Send(ArpPacket.AnnouncementReply(new MacAddress(0x0200_0000_0099), VipValue));
        capture.Send(SpeakerLab.Question(Vip));

        (await capture.PacketsAsync(1)).ShouldBe([Answer]);
        _lab.Speaker.Claims.TryRead(out var claim).ShouldBeTrue();
        claim.Address.ShouldBe(Vip);
    }

    [Fact]
    public async Task Watch_FloodOfClaims_KeepsTheLatest()
    {
        _lab.Speaker.Watch([Vip]);
        var capture = await HeldAsync();
        for (var i = 0; i < 300; i++)
        {
            capture.Send(ArpPacket.AnnouncementRequest(new MacAddress(0x0200_0001_0000 + (ulong)i), VipValue));
            if (i % 50 == 0)
            {
                await RoundTripAsync(capture); // so that the kernel drops none
            }
        }

        await RoundTripAsync(capture);

        var claims = new List<ulong>();
        while (_lab.Speaker.Claims.TryRead(out var claim))
        {
            claims.Add(MacAddress.From(claim.MacAddress).Value);
        }

        claims.Count.ShouldBe(256);
        claims[^1].ShouldBe(0x0200_0001_0000UL + 299);
    }

    [Fact]
    public async Task Frames_CutShortDamagedOrRandom_AreCountedAndIgnored()
    {
        var capture = await HeldAsync();
        _lab.Speaker.Watch([Vip]);
        var whole = new byte[ArpPacket.FrameLength];
        SpeakerLab.Question(Vip).WriteFrame(whole, MacAddress.Broadcast);
        for (var length = EthernetHeader.Length; length < whole.Length; length++)
        {
            capture.Send(whole.AsSpan(0, length));
        }

        (await RoundTripAsync(capture)).ShouldBeEmpty();
        _lab.Meters["mooring_frames_malformed_total"].ShouldBe(ArpPacket.FrameLength - EthernetHeader.Length);

        var random = new Random(20260104);
        for (var i = 0; i < 500; i++)
        {
            var frame = new byte[random.Next(EthernetHeader.Length, 1500)];
            random.NextBytes(frame);
            var type = i % 2 == 0 ? EtherType.Arp : EtherType.IPv4;
            new EthernetHeader(SpeakerLab.OwnMac, SpeakerLab.PeerMac, type).Write(frame);
            capture.Send(frame);
        }

        (await RoundTripAsync(capture)).ShouldBeEmpty();
        _lab.Ping("10.70.0.100").ShouldBe(1);
    }

    [Fact]
    public async Task DisposeAsync_Holding_IsSilentAndEndsTheClaims()
    {
        var capture = await HeldAsync();

        await _lab.Speaker.DisposeAsync();
        await _lab.Speaker.DisposeAsync();

        await _lab.Speaker.Claims.Completion;
        await using var other = _lab.Create(_lab.Time);
        other.InterfacesChanged(_lab.Interfaces);
        other.Hold(Second, _lab.Far);
        capture.Send(SpeakerLab.Question(Vip));
        capture.Send(SpeakerLab.Question(Second));
        (await capture.PacketsAsync(3)).ShouldNotContain(packet => packet.SenderAddress == VipValue);
        Should.Throw<ObjectDisposedException>(() => _lab.Speaker.Hold(Vip, _lab.Far));
    }

    /// <summary>Holds the address; the captured announcements are cleared away.</summary>
    private async Task<FrameCapture> HeldAsync()
    {
        var capture = _lab.Capture();
        _lab.Speaker.Hold(Vip, _lab.Far);
        await capture.PacketsAsync(2);
        capture.Clear();
        return capture;
    }

    /// <summary>
    /// Everything sent before has been handled when this returns: a question for an address that is held for this only is
    /// answered in its turn.
    /// </summary>
    /// <returns>What arrived before the answer.</returns>
    private async Task<IReadOnlyList<ArpPacket>> RoundTripAsync(FrameCapture capture)
    {
        var marker = IPAddress.Parse("10.70.0.250");
        var value = IPv4Address.From(marker);
        _lab.Speaker.Hold(marker, _lab.Far);
        var asker = new MacAddress(0x0200_0000_00EE);
        capture.Send(SpeakerLab.Question(marker) with { SenderMac = asker });
        for (var count = 0; !capture.Packets.Any(packet => packet.TargetMac == asker); count++)
        {
            await capture.FramesAsync(count + 1);
        }

        _lab.Speaker.Release(marker);
        capture.Forget(packet => packet.SenderAddress == value);
        return capture.Packets;
    }
}
