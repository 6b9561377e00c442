using System.Collections.Immutable;
using System.Net;
using Mooring.Core.Health;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Tests.Health;

public sealed class VerdictExchangeRulesTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly HeartbeatKey Key = new(1, [.. Enumerable.Repeat((byte)7, HeartbeatKey.SecretLength)]);
    private readonly PeerVerdicts _peers = new();
    private ulong _sequence;

    [Fact]
    public void Codec_Packet_ComesBack()
    {
        var packet = Packet("node-1", Down(1), Up(2, holder: true), new VerdictRecord(3, true, false, Gone: true));

        var read = VerdictCodec.Decode(Encode(packet), [Key]).ShouldNotBeNull();

        (read with { Records = [] }).ShouldBe(packet with { Records = [] });
        read.Records.ShouldBe(packet.Records);
    }

    [Fact]
    public void Codec_EveryChangedBit_IsRefused()
    {
        var bytes = Encode(Packet("node-1", Down(1)));
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            var changed = bytes.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            VerdictCodec.Decode(changed, [Key]).ShouldBeNull($"bit {bit}");
        }

        for (var length = 0; length < bytes.Length; length++)
        {
            VerdictCodec.Decode(bytes.AsSpan(0, length), [Key]).ShouldBeNull();
        }
    }

    [Fact]
    public void Codec_LargestPacket_Fits()
    {
        var name = new string('n', 253);
        var packet = Packet(name, [.. Enumerable.Range(0, VerdictCodec.MaxRecords).Select(i => Down((ulong)i))]) with { Receiver = name };

        VerdictCodec.Decode(Encode(packet), [Key]).ShouldNotBeNull().Records.Length.ShouldBe(VerdictCodec.MaxRecords);
    }

    [Fact]
    public void EndpointNumber_OtherSetAddressOrPort_IsAnother()
    {
        var one = EndpointNumber.Of("default/web:80", new IPEndPoint(IPAddress.Parse("10.1.2.3"), 80));

        one.ShouldBe(EndpointNumber.Of("default/web:80", new IPEndPoint(IPAddress.Parse("10.1.2.3"), 80)));
        one.ShouldNotBe(EndpointNumber.Of("default/web:81", new IPEndPoint(IPAddress.Parse("10.1.2.3"), 80)));
        one.ShouldNotBe(EndpointNumber.Of("default/web:80", new IPEndPoint(IPAddress.Parse("10.1.2.4"), 80)));
        one.ShouldNotBe(EndpointNumber.Of("default/web:80", new IPEndPoint(IPAddress.Parse("10.1.2.3"), 81)));
    }

    [Fact]
    public void IsHealthy_HolderAndStandbyDiffer_HolderCounts()
    {
        Receive(Packet("standby", Down(1)));
        _peers.IsHealthy(1, Second).ShouldBe(false);

        Receive(Packet("holder", Up(1, holder: true)));
        _peers.IsHealthy(1, Second).ShouldBe(true);

        _peers.IsHealthy(2, Second).ShouldBeNull();
    }

    [Fact]
    public void IsHealthy_NoHolder_OnlyWhatAllSayIsDown()
    {
        Receive(Packet("a", Down(1)));
        Receive(Packet("b", Up(1)));

        _peers.IsHealthy(1, Second).ShouldBe(true);
    }

    [Fact]
    public void IsHealthy_HolderFallsSilent_OthersCountThenTheLastWordThenNothing()
    {
        Receive(Packet("holder", Down(1, holder: true)));
        _sequence = 100;
        _peers.Receive(Packet("standby", Up(1)), 6 * Second);

        _peers.IsHealthy(1, 6 * Second).ShouldBe(true);
        _peers.IsHealthy(1, 25 * Second).ShouldBe(false, "both are silent, and the holder's word was that");
        _peers.IsHealthy(1, 60 * Second).ShouldBeNull();
    }

    [Fact]
    public void Receive_NewlyUnhealthy_IsToldOnce()
    {
        Receive(Packet("a", Up(1))).Failed.ShouldBeEmpty();
        Receive(Packet("a", Down(1))).Failed.ShouldBe([1UL]);
        Receive(Packet("a", Down(1))).Failed.ShouldBeEmpty();
        _peers.IsHealthy(1, Second).ShouldBe(false);
    }

    [Fact]
    public void Receive_ReplayOrEarlierStart_ChangesNothing()
    {
        var old = Packet("a", Down(1));
        Receive(old);
        Receive(Packet("a", Up(1)));

        Receive(old).ShouldBe(PeerVerdictChange.None);
        Receive(Packet("a", Down(1)) with { Epoch = 1 }).ShouldBe(PeerVerdictChange.None);
        _peers.IsHealthy(1, Second).ShouldBe(true);
    }

    [Fact]
    public void Receive_LostPacket_DigestAsksAndTheWholePutsRight()
    {
        var own = new OwnVerdicts();
        own.SetAll([Down(1), Down(2)]);
        Receive(Packet("a", [.. own.TakeUntold()]) with { Digest = own.Digest }).Incomplete.ShouldBeFalse();

        // Lost: endpoint 2 is not checked there any more, 3 is.
        own.SetAll([Up(1), Up(3)]);
        own.TakeUntold().Length.ShouldBe(3);
        Receive(Packet("a") with { Digest = own.Digest }).Incomplete.ShouldBeTrue();

        var from = _sequence + 1;
        Receive(Packet("a", [.. own.All]) with { Digest = own.Digest, WholeFrom = from });
        Receive(Packet("a") with { Digest = own.Digest, WholeFrom = from }).Incomplete.ShouldBeFalse();
        (_peers.IsHealthy(1, Second), _peers.IsHealthy(2, Second), _peers.IsHealthy(3, Second)).ShouldBe((true, null, true));
    }

    [Fact]
    public void Tracker_Suspected_OneFailureIsEnoughAndOneSuccessClears()
    {
        var tracker = new HealthTracker(3, 2);
        tracker.Suspect();
        tracker.Observe(true, "", DateTimeOffset.UnixEpoch);
        tracker.Observe(false, "refused", DateTimeOffset.UnixEpoch).ShouldBeNull();

        tracker.Suspect();
        tracker.Observe(false, "refused", DateTimeOffset.UnixEpoch).ShouldNotBeNull().Healthy.ShouldBeFalse();
    }

    private static VerdictRecord Down(ulong endpoint, bool holder = false) => new(endpoint, false, holder);

    private static VerdictRecord Up(ulong endpoint, bool holder = false) => new(endpoint, true, holder);

    private PeerVerdictChange Receive(VerdictPacket packet) => _peers.Receive(packet, Second);

    private VerdictPacket Packet(string sender, params ImmutableArray<VerdictRecord> records) => new()
    {
        Sender = sender,
        Receiver = "node-9",
        Epoch = 5,
        Sequence = ++_sequence,
        Records = records,
    };

    private static byte[] Encode(VerdictPacket packet)
    {
        var bytes = new byte[VerdictCodec.MaxLength];
        return bytes[..VerdictCodec.Encode(bytes, packet, Key)];
    }
}
