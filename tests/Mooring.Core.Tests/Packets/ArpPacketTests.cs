using System.Net;
using Mooring.Core.Packets;

namespace Mooring.Core.Tests.Packets;

public sealed class ArpPacketTests
{
    private static readonly MacAddress Ours = new(0x0200_0000_00AA);
    private static readonly MacAddress Theirs = new(0x0200_0000_0001);
    private static readonly IPv4Address Vip = IPv4Address.From(IPAddress.Parse("10.70.0.100"));
    private static readonly IPv4Address Client = IPv4Address.From(IPAddress.Parse("10.70.0.1"));

    [Fact]
    public void TryReadFrame_Request_ReadsEveryField()
    {
        ArpPacket.TryReadFrame(Frames.ArpRequest, out var packet).ShouldBeTrue();

        packet.ShouldBe(new ArpPacket(ArpOperation.Request, Theirs, Client, default, Vip));
        packet.IsAnnouncement.ShouldBeFalse();
    }

    [Fact]
    public void TryReadFrame_PaddedToTheMinimumOfTheWire_Reads()
        => ArpPacket.TryReadFrame([.. Frames.ArpRequest, .. new byte[18]], out _).ShouldBeTrue();

    [Fact]
    public void ReplyFrom_Request_GoesBackToTheSender()
    {
        ArpPacket.TryReadFrame(Frames.ArpRequest, out var request).ShouldBeTrue();

        Written(request.ReplyFrom(Ours), request.SenderMac).ShouldBe(Frames.Hex(
            "020000000001 0200000000aa 0806 0001 0800 06 04 0002 0200000000aa 0a460064 020000000001 0a460001"));
    }

    [Fact]
    public void ReplyFrom_Probe_AnswersToZeroAddress()
    {
        var probe = new ArpPacket(ArpOperation.Request, Theirs, IPv4Address.Any, default, Vip);

        probe.ReplyFrom(Ours).ShouldBe(new ArpPacket(ArpOperation.Reply, Ours, Vip, Theirs, IPv4Address.Any));
    }

    [Fact]
    public void AnnouncementRequest_Written_HasZeroTargetMac()
        => Written(ArpPacket.AnnouncementRequest(Ours, Vip), MacAddress.Broadcast).ShouldBe(Frames.Hex(
            "ffffffffffff 0200000000aa 0806 0001 0800 06 04 0001 0200000000aa 0a460064 000000000000 0a460064"));

    [Fact]
    public void AnnouncementReply_Written_RepeatsTheSenderMac()
        => Written(ArpPacket.AnnouncementReply(Ours, Vip), MacAddress.Broadcast).ShouldBe(Frames.Hex(
            "ffffffffffff 0200000000aa 0806 0001 0800 06 04 0002 0200000000aa 0a460064 0200000000aa 0a460064"));

    [Fact]
    public void TryReadFrame_CutAtEveryLength_IsRefused()
    {
        for (var length = 0; length < Frames.ArpRequest.Length; length++)
        {
            ArpPacket.TryReadFrame(Frames.ArpRequest.AsSpan(0, length), out _).ShouldBeFalse($"{length} bytes");
        }
    }

    [Theory]
    [InlineData(12, 0x81, "VLAN tag")]
    [InlineData(15, 0x06, "hardware type")]
    [InlineData(16, 0x86, "protocol type")]
    [InlineData(18, 0x08, "hardware address length")]
    [InlineData(19, 0x10, "protocol address length")]
    [InlineData(21, 0x03, "operation 3, reverse ARP")]
    [InlineData(20, 0x01, "operation 257")]
    [InlineData(22, 0x03, "sender MAC is a group")]
    public void TryReadFrame_FieldWrong_IsRefused(int offset, byte value, string what)
    {
        var frame = Frames.ArpRequest.ToArray();
        frame[offset] = value;

        ArpPacket.TryReadFrame(frame, out _).ShouldBeFalse(what);
    }

    [Fact]
    public void TryReadFrame_RandomBytes_NeverThrowsAndWritesBackWhatItRead()
    {
        var random = new Random(20260101);
        var frame = new byte[64];
        for (var round = 0; round < 20_000; round++)
        {
            // A good frame with a few bytes damaged reaches further in than pure noise.
            Frames.ArpRequest.CopyTo(frame, 0);
            for (var i = 0; i < 4; i++)
            {
                frame[random.Next(ArpPacket.FrameLength)] = (byte)random.Next(256);
            }

            var cut = frame.AsSpan(0, random.Next(frame.Length + 1));
            if (ArpPacket.TryReadFrame(cut, out var packet))
            {
                ArpPacket.TryReadFrame(Written(packet, Theirs), out var again).ShouldBeTrue();
                again.ShouldBe(packet);
            }
        }
    }

    private static byte[] Written(ArpPacket packet, MacAddress destination)
    {
        var frame = new byte[ArpPacket.FrameLength];
        packet.WriteFrame(frame, destination);
        return frame;
    }
}
