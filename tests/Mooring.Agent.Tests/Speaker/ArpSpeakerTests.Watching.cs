using System.Net;
using Mooring.Core.Packets;
using Mooring.Core.Snapshots;
using Mooring.Linux.Tests;

namespace Mooring.Agent.Tests.Speaker;

// What others send.
public sealed partial class ArpSpeakerTests
{
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
}
