using System.Net;
using Mooring.Core.Packets;
using Mooring.Core.Snapshots;
using Mooring.Linux.Tests;

namespace Mooring.Agent.Tests.Speaker;

/// <summary>IPv6: real frames between two namespaces; the clock of deadlines and announcements is moved by hand.</summary>
public sealed class NeighborSpeakerTests : IAsyncLifetime
{
    private static readonly IPAddress Vip = IPAddress.Parse("fd00:70::100");
    private static readonly IPv6Address VipValue = IPv6Address.From(Vip);
    private static readonly IPv6Address PeerValue = IPv6Address.From(IPAddress.Parse("fd00:70::1"));
    private static readonly MacAddress Other = new(0x0200_0000_0099);

    private static readonly NeighborMessage Announcement =
        NeighborMessage.Announcement(SpeakerLab.OwnMac, VipValue, router: false);

    private static readonly NeighborMessage Question = new(
        NeighborMessageType.Solicitation,
        SpeakerLab.PeerMac,
        PeerValue,
        VipValue.SolicitedNode,
        VipValue,
        NeighborFlags.None,
        SpeakerLab.PeerMac);

    private static readonly NeighborMessage Probe = Question with { Source = IPv6Address.Any, LinkLayerAddress = null };

    private static readonly NeighborMessage Answer = Announcement with
    {
        Destination = PeerValue,
        Flags = NeighborFlags.Override | NeighborFlags.Solicited,
    };

    private readonly SpeakerLab _lab = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    [Fact]
    public async Task Hold_FirstAdvertisement_IsOnTheWireWhenItReturns()
    {
        var capture = _lab.Capture(type: EtherType.IPv6);

        _lab.Speaker.Hold(Vip, _lab.Far).ShouldBe(_lab.Time.GetTimestamp());

        (await capture.AboutAsync(VipValue, 1)).ShouldBe([Announcement]);
        var frame = capture.Frames.Single(frame => NeighborMessage.TryReadFrame(frame, out var read) && read.Target == VipValue);
        EthernetHeader.TryRead(frame, out var header).ShouldBeTrue();
        header.ShouldBe(new EthernetHeader(new(0x3333_0000_0001), SpeakerLab.OwnMac, EtherType.IPv6));
    }

    [Fact]
    public async Task Hold_NodeForwardsIPv6_CallsItselfARouter()
    {
        _lab.Speaker.InterfacesChanged([_lab.Interfaces[0] with { ForwardsIPv6 = true }]);
        var capture = await HeldAsync();

        capture.Send(Question);

        (await capture.AboutAsync(VipValue, 1)).ShouldBe([Answer with { Flags = Answer.Flags | NeighborFlags.Router }]);
    }

    [Fact]
    public async Task Hold_TimePasses_BurstsThenRefreshesWithJitter()
    {
        var capture = _lab.Capture(type: EtherType.IPv6);
        _lab.Speaker.Hold(Vip, _lab.Far);

        _lab.Time.Advance(TimeSpan.FromSeconds(2));
        await capture.AboutAsync(VipValue, 6); // at 0, 50, 150, 500, 1000 and 2000 ms

        _lab.Time.Advance(TimeSpan.FromSeconds(47.9)); // a refresh is 48 to 72 s after the burst
        (await RoundTripAsync(capture)).Count.ShouldBe(6);
        _lab.Time.Advance(TimeSpan.FromSeconds(24.2));
        (await capture.AboutAsync(VipValue, 7)).ShouldAllBe(message => message == Announcement);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(56)]
    [InlineData(1452)]
    public void Hold_PeerPings_ResolvesFromTheWireAndGetsAnAnswer(int size)
    {
        _lab.Speaker.Hold(Vip, _lab.Far);

        _lab.Ping("fd00:70::100", $"-c1 -W5 -s {size}").ShouldBe(1);

        TestNamespaces.Exec(_lab.Peer, "ip neigh show fd00:70::100").ShouldContain(SpeakerLab.OwnMac.ToString());
        TestNamespaces.Exec(_lab.Node, "ip address").ShouldNotContain("fd00:70::100", Case.Sensitive, "never bound");
        _lab.Meters["mooring_icmp_echo_answered_total"].ShouldBe(1);
        _lab.Meters["mooring_neighbor_solicitations_answered_total"].ShouldBe(1);
    }

    [Fact]
    public void Hold_Ndisc6Asks_ReadsTheAnswerAsOurs()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/ndisc6"), "needs ndisc6");
        _lab.Speaker.Hold(Vip, _lab.Far);

        TestNamespaces.Exec(_lab.Peer, "ndisc6 -1 -q -w 5000 fd00:70::100 eth0").Trim().ToLowerInvariant()
            .ShouldBe(SpeakerLab.OwnMac.ToString());
    }

    [Fact]
    public async Task Hold_MulticastAndUnicastSolicitation_AreBothAnsweredToTheAsker()
    {
        var capture = await HeldAsync();

        capture.Send(Question);
        capture.Send(Question with { Destination = VipValue }, SpeakerLab.OwnMac);
        capture.Send(Question with { Destination = VipValue, LinkLayerAddress = null }, SpeakerLab.OwnMac);

        (await capture.AboutAsync(VipValue, 3)).ShouldBe([Answer, Answer, Answer]);
        EthernetHeader.TryRead(capture.Frames[0], out var header).ShouldBeTrue();
        header.Destination.ShouldBe(SpeakerLab.PeerMac);
    }

    [Fact]
    public async Task Hold_DuplicateAddressProbe_IsDefendedToAllNodes()
    {
        var capture = await HeldAsync();

        capture.Send(Probe);

        (await capture.AboutAsync(VipValue, 1)).ShouldBe([Announcement]);
    }

    [Fact]
    public async Task Hold_AnotherKernelConfiguresTheAddress_FailsItsDuplicateAddressDetection()
    {
        _lab.Speaker.Hold(Vip, _lab.Far);

        TestNamespaces.Ip(_lab.Peer, "address add fd00:70::100/64 dev eth0");

        string shown;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!(shown = TestNamespaces.Exec(_lab.Peer, "ip address show dev eth0")).Contains("dadfailed", StringComparison.Ordinal))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, limit.Token);
        }

        shown.ShouldContain("fd00:70::100/64");
    }

    [Fact]
    public async Task Hold_MessagesThatAskNothingOfUs_AreNotAnswered()
    {
        var capture = await HeldAsync();

        capture.Send(Question with { Source = VipValue });
        capture.Send(Question with { SourceMac = SpeakerLab.OwnMac });
        capture.Send(Question with { Target = IPv6Address.From(IPAddress.Parse("fd00:70:1::100")) }); // same last bytes
        capture.Send(Question with { Destination = VipValue }, new MacAddress(0x0200_0000_00CC));
        capture.Send(NeighborMessage.Announcement(Other, VipValue, router: false));

        (await RoundTripAsync(capture)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Deadline_Past_NeitherAnnouncesNorAnswersNorDefendsUntilExtended()
    {
        var capture = _lab.Capture(type: EtherType.IPv6);
        _lab.Speaker.Hold(Vip, _lab.Time.GetTimestamp());
        capture.Send(Question);
        capture.Send(Probe);
        TestNamespaces.Ip(_lab.Peer, $"neighbour replace fd00:70::100 lladdr {SpeakerLab.OwnMac} dev eth0");
        _lab.Ping("fd00:70::100", "-c1 -W1").ShouldBe(0);
        (await RoundTripAsync(capture)).ShouldBeEmpty();

        _lab.Speaker.ExtendDeadline(Vip, _lab.Time.In(TimeSpan.FromSeconds(1)));
        (await capture.AboutAsync(VipValue, 1)).ShouldBe([Announcement]);
        capture.Clear();
        capture.Send(Question);
        (await capture.AboutAsync(VipValue, 1)).ShouldBe([Answer]);
        _lab.Ping("fd00:70::100").ShouldBe(1);
    }

    [Fact]
    public async Task Release_Held_SilencesAnswersBurstAndEcho()
    {
        var capture = await HeldAsync();

        _lab.Speaker.Release(Vip);
        capture.Send(Question);
        capture.Send(Probe);
        _lab.Time.Advance(TimeSpan.FromMinutes(5));

        (await RoundTripAsync(capture)).ShouldBeEmpty();
        _lab.Ping("fd00:70::100", "-c1 -W1").ShouldBe(0);
    }

    [Fact]
    public void Watch_AddressOfTheSubnet_JoinsItsGroupUntilItIsNoLongerWatched()
    {
        _lab.Speaker.Watch([Vip, IPAddress.Parse("fd00:71::abcd"), IPAddress.Parse("10.70.0.100")]);

        Groups("eth0").ShouldContain("ff02::1:ff00:100");
        Groups("eth0").ShouldContain("33:33:ff:00:01:00");
        Groups("eth1").ShouldContain("ff02::1:ff00:abcd");

        _lab.Speaker.Watch([]);
        Groups("eth0").ShouldNotContain("ff02::1:ff00:100");

        string Groups(string device) => TestNamespaces.Exec(_lab.Node, $"ip maddress show dev {device}");
    }

    [Fact]
    public async Task Hold_BothFamiliesOnOneInterface_AnswersForEach()
    {
        _lab.Speaker.Watch([Vip, IPAddress.Parse("10.70.0.100")]);
        _lab.Speaker.Hold(Vip, _lab.Far);
        _lab.Speaker.Hold(IPAddress.Parse("10.70.0.100"), _lab.Far);
        _lab.Ping("fd00:70::100").ShouldBe(1);
        _lab.Ping("10.70.0.100").ShouldBe(1);

        _lab.Speaker.Release(IPAddress.Parse("10.70.0.100"));

        TestNamespaces.Ip(_lab.Peer, "neighbour flush dev eth0");
        _lab.Ping("fd00:70::100").ShouldBe(1);
        _lab.Ping("10.70.0.100", "-c1 -W1").ShouldBe(0);
        await _lab.Speaker.DisposeAsync();
    }

    [Fact]
    public async Task Hold_ThousandAddresses_AnswersForAll()
    {
        IPAddress[] addresses = [.. Enumerable.Range(0, 1000).Select(i => IPAddress.Parse($"fd00:70::{i % 7 + 1:x}:{i + 0x100:x}"))];
        _lab.Speaker.Watch(addresses);

        foreach (var address in addresses)
        {
            _lab.Speaker.Hold(address, _lab.Far);
        }

        _lab.Ping(addresses[0].ToString()).ShouldBe(1);
        _lab.Ping(addresses[^1].ToString()).ShouldBe(1);
        await _lab.Speaker.DisposeAsync();
    }

    [Fact]
    public async Task Link_DownAndUp_AnnouncesAndAnswersAgain()
    {
        var capture = await HeldAsync();

        TestNamespaces.Ip(_lab.Node, "link set eth0 down");
        _lab.Speaker.InterfacesChanged([_lab.Interfaces[0] with { Up = false }]);
        TestNamespaces.Ip(_lab.Node, "link set eth0 up");
        _lab.Speaker.InterfacesChanged(_lab.Interfaces);

        (await capture.AboutAsync(VipValue, 1)).ShouldAllBe(message => message == Announcement);
        _lab.Ping("fd00:70::100", "-c1 -W20").ShouldBe(1);
        TestNamespaces.Exec(_lab.Node, "ip maddress show dev eth0").ShouldContain("ff02::1:ff00:100");
    }

    [Fact]
    public async Task Watch_AnotherMachineClaimsTheAddress_IsReported()
    {
        _lab.Speaker.Watch([Vip]);
        var capture = _lab.Capture(type: EtherType.IPv6);

        capture.Send(Probe with { SourceMac = Other }); // a probe claims nothing
        capture.Send(Announcement); // our own, brought back by a bridge
        capture.Send(NeighborMessage.Announcement(Other, VipValue, router: false));
        capture.Send(Question with
        {
            SourceMac = Other, Source = VipValue, Target = PeerValue, Destination = PeerValue.SolicitedNode, LinkLayerAddress = Other,
        });

        for (var i = 0; i < 2; i++)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            (await _lab.Speaker.Claims.ReadAsync(limit.Token))
                .ShouldBe(new(Vip, Other.ToPhysicalAddress(), "eth0", _lab.Time.GetTimestamp()));
        }

        _lab.Speaker.Claims.TryRead(out _).ShouldBeFalse();
        _lab.Meters["mooring_claims_seen_total"].ShouldBe(2);
    }

    [Fact]
    public async Task Frames_CutShortDamagedOrRandom_AreCountedAndIgnored()
    {
        var capture = await HeldAsync();
        var room = new byte[NeighborMessage.MaxFrameLength];
        var whole = room[..Question.WriteFrame(room, SpeakerLab.OwnMac)];

        // The filter looks at the type, at byte 54; a frame that ends before it is dropped in the kernel.
        for (var length = 55; length < whole.Length; length++)
        {
            capture.Send(whole.AsSpan(0, length));
        }

        byte[] routed = [.. whole];
        routed[21] = 254; // hop limit
        capture.Send(routed);
        (await RoundTripAsync(capture)).ShouldBeEmpty();
        _lab.Meters["mooring_frames_malformed_total"].ShouldBe(whole.Length - 55 + 1);

        var random = new Random(20261121);
        for (var i = 0; i < 500; i++)
        {
            var frame = new byte[random.Next(whole.Length, 1500)];
            random.NextBytes(frame);
            whole.AsSpan(0, random.Next(EthernetHeader.Length, 56)).CopyTo(frame);
            capture.Send(frame);
        }

        (await RoundTripAsync(capture)).ShouldBeEmpty();
        _lab.Ping("fd00:70::100").ShouldBe(1);
    }

    /// <summary>Holds the address; the captured announcements are cleared away.</summary>
    private async Task<FrameCapture> HeldAsync()
    {
        var capture = _lab.Capture(type: EtherType.IPv6);
        _lab.Speaker.Hold(Vip, _lab.Far);
        await capture.AboutAsync(VipValue, 1);
        capture.Clear();
        return capture;
    }

    /// <summary>
    /// Everything sent before has been handled when this returns: a question for an address that is held for this only is
    /// answered in its turn.
    /// </summary>
    /// <returns>What arrived about the address.</returns>
    private async Task<IReadOnlyList<NeighborMessage>> RoundTripAsync(FrameCapture capture)
    {
        var marker = IPAddress.Parse("fd00:70::250");
        var value = IPv6Address.From(marker);
        _lab.Speaker.Hold(marker, _lab.Far);
        capture.Send(Question with { Target = value, Destination = value.SolicitedNode });
        for (var count = capture.Frames.Count; !capture.About(value).Any(message => message.Flags.HasFlag(NeighborFlags.Solicited)); count++)
        {
            await capture.FramesAsync(count + 1);
        }

        _lab.Speaker.Release(marker);
        return capture.About(VipValue);
    }
}
