using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Agent.Speaker;
using Mooring.Core.Packets;

namespace Mooring.Agent.Tests.Speaker;

public sealed class ArpSpeakerTests : IClassFixture<SpeakerLab>, IAsyncLifetime
{
    private static readonly IPAddress Vip = IPAddress.Parse("10.70.0.100");
    private static readonly IPv4Address VipValue = IPv4Address.From(Vip);

    private readonly SpeakerLab _lab;
    private readonly ArpSpeaker _speaker;
    private readonly MacAddress _mac;

    public ArpSpeakerTests(SpeakerLab lab)
    {
        _lab = lab;
        _speaker = new ArpSpeaker(
            lab.OpenOnSpeaker,
            new SpeakerOptions { Burst = [TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(20)], Refresh = TimeSpan.FromMinutes(10) },
            new SpeakerMetrics(new SpeakerLab.Meters()),
            TimeProvider.System,
            NullLogger<ArpSpeaker>.Instance);
        var own = lab.SpeakerInterface();
        _mac = MacAddress.From(own.MacAddress);
        _speaker.InterfacesChanged([own]);
        lab.OnPeer("ip", "neigh flush all");
        lab.Capture.Clear();
    }

    private static long Far => TimeProvider.System.GetTimestamp() + (TimeProvider.System.TimestampFrequency * 600);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _speaker.DisposeAsync();

    [Fact]
    public async Task Hold_Always_AnnouncesInBothForms()
    {
        _speaker.Hold(Vip, Far);

        await UntilAsync(() => _lab.Capture.Packets().Count >= 6);
        var packets = _lab.Capture.Packets();
        packets[0].ShouldBe(new ArpPacket(ArpOperation.Request, _mac, VipValue, default, VipValue));
        packets[1].ShouldBe(new ArpPacket(ArpOperation.Reply, _mac, VipValue, _mac, VipValue));
        foreach (var frame in _lab.Capture.Frames())
        {
            EthernetHeader.TryRead(frame, out var header).ShouldBeTrue();
            header.Destination.ShouldBe(MacAddress.Broadcast);
            header.Source.ShouldBe(_mac);
        }
    }

    [Fact]
    public void Hold_PeerAsks_ResolvesFromTheWireAndIsPinged()
    {
        Ping().ShouldContain("0 received", Case.Sensitive, "nobody holds the address yet");

        _speaker.Hold(Vip, Far);

        Ping().ShouldContain("1 received");
        _lab.OnPeer("ip", "neigh show 10.70.0.100").ShouldContain(_mac.ToString());
    }

    [Fact]
    public async Task Hold_DuplicateAddressProbe_IsAnswered()
    {
        _speaker.Hold(Vip, Far);
        await UntilAsync(() => _lab.Capture.Packets().Count >= 6);
        _lab.Capture.Clear();
        var prober = new MacAddress(0x02_00_00_00_00_07);

        Inject(new ArpPacket(ArpOperation.Request, prober, IPv4Address.Any, default, VipValue));

        await UntilAsync(() => _lab.Capture.Packets().Count > 0);
        _lab.Capture.Packets()[0].ShouldBe(new ArpPacket(ArpOperation.Reply, _mac, VipValue, prober, IPv4Address.Any));
    }

    [Fact]
    public void Deadline_Passed_IsSilentUntilExtended()
    {
        _speaker.Hold(Vip, TimeProvider.System.GetTimestamp() - 1);

        Ping().ShouldContain("0 received");
        _lab.Capture.Packets().ShouldBeEmpty("neither announced nor answered");

        _speaker.ExtendDeadline(Vip, Far);

        Ping().ShouldContain("1 received");
    }

    [Fact]
    public void Release_Always_SilencesAtOnce()
    {
        _speaker.Hold(Vip, Far);
        Ping().ShouldContain("1 received");

        _speaker.Release(Vip);
        _lab.OnPeer("ip", "neigh flush all");

        Ping().ShouldContain("0 received");
    }

    [Fact]
    public void OtherAddress_NotHeld_IsNotAnswered()
    {
        _speaker.Hold(Vip, Far);

        _lab.OnPeer("ping", "-c1 -W1 10.70.0.101").ShouldContain("0 received");
    }

    [Fact]
    public async Task Watch_AnotherMachineAnnounces_IsReported()
    {
        _speaker.Watch([Vip]);
        var other = new MacAddress(0x02_00_00_00_00_09);

        Inject(ArpPacket.AnnouncementRequest(other, VipValue));

        var claim = await _speaker.Claims.ReadAsync(new CancellationTokenSource(TimeSpan.FromSeconds(20)).Token);
        claim.Address.ShouldBe(Vip);
        claim.MacAddress.ShouldBe(other.ToPhysicalAddress());
        claim.InterfaceName.ShouldBe("eth0");
    }

    [Fact]
    public void Frames_CutShortOrRandom_AreIgnored()
    {
        _speaker.Hold(Vip, Far);
        _speaker.Watch([Vip]);
        Span<byte> whole = stackalloc byte[ArpPacket.FrameLength];
        new ArpPacket(ArpOperation.Request, new MacAddress(2), new IPv4Address(1), default, VipValue)
            .WriteFrame(whole, MacAddress.Broadcast);
        for (var length = EthernetHeader.Length; length < whole.Length; length++)
        {
            _lab.Inject(whole[..length]);
        }

        var seed = Random.Shared.Next();
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        var random = new Random(seed);
        for (var i = 0; i < 1000; i++)
        {
            var frame = new byte[random.Next(EthernetHeader.Length, 1400)];
            random.NextBytes(frame);
            new EthernetHeader(MacAddress.Broadcast, new MacAddress(0x02_00_00_00_00_08), i % 2 == 0 ? EtherType.Arp : EtherType.IPv4)
                .Write(frame);
            _lab.Inject(frame);
        }

        Ping().ShouldContain("1 received");
    }

    [Fact]
    public void Link_DownAndUp_AnswersAgain()
    {
        _speaker.Hold(Vip, Far);
        Ping().ShouldContain("1 received");

        _lab.OnPeer("ip", "link set eth0 down");
        _lab.OnPeer("ip", "link set eth0 up");

        // A veth takes a moment to have carrier again: ping asks for as long as it may take.
        _lab.OnPeer("ping", "-c20 -i0.2 -W1 10.70.0.100").ShouldNotContain(" 0 received");
    }

    [Fact]
    public void Hold_NoInterfaceInSubnet_SaysSo()
    {
        Should.Throw<InvalidOperationException>(() => _speaker.Hold(IPAddress.Parse("192.0.2.1"), Far))
            .Message.ShouldBe("192.0.2.1 cannot be announced: no interface that is up has a subnet with it");
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, limit.Token);
        }
    }

    private void Inject(ArpPacket packet)
    {
        Span<byte> frame = stackalloc byte[ArpPacket.FrameLength];
        packet.WriteFrame(frame, MacAddress.Broadcast);
        _lab.Inject(frame);
    }

    private string Ping() => _lab.OnPeer("ping", "-c1 -W1 10.70.0.100");
}
