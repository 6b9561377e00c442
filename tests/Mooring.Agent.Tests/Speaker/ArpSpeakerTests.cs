using System.Net;
using Mooring.Core.Packets;
using Mooring.Core.Snapshots;
using Mooring.Linux.Tests;

namespace Mooring.Agent.Tests.Speaker;

/// <summary>Real frames between two namespaces; the clock of deadlines and announcements is moved by hand.</summary>
public sealed partial class ArpSpeakerTests : IAsyncLifetime
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
