using System.Net;
using Mooring.Core.Packets;

namespace Mooring.Core.Tests.Packets;

public sealed class NeighborMessageTests
{
    private static readonly MacAddress Ours = new(0x0200_0000_00AA);
    private static readonly MacAddress Theirs = new(0x0200_0000_0001);
    private static readonly IPv6Address Vip = Address("fd00:70::100");
    private static readonly IPv6Address Client = Address("fd00:70::1");

    [Fact]
    public void TryReadFrame_MulticastSolicitation_ReadsEveryField()
    {
        NeighborMessage.TryReadFrame(Frames.NeighborSolicitation, out var message).ShouldBeTrue();

        message.ShouldBe(new NeighborMessage(
            NeighborMessageType.Solicitation, Theirs, Client, Vip.SolicitedNode, Vip, NeighborFlags.None, Theirs));
        message.IsProbe.ShouldBeFalse();
    }

    [Fact]
    public void TryReadFrame_Probe_IsOne()
    {
        NeighborMessage.TryReadFrame(Frames.NeighborProbe, out var message).ShouldBeTrue();

        message.IsProbe.ShouldBeTrue();
        message.LinkLayerAddress.ShouldBeNull();
        message.Mac.ShouldBe(Theirs);
    }

    [Fact]
    public void TryReadFrame_Padded_Reads()
        => NeighborMessage.TryReadFrame([.. Frames.NeighborSolicitation, .. new byte[7]], out _).ShouldBeTrue();

    [Fact]
    public void AnswerFrom_Solicitation_GoesToTheAskerAlone()
    {
        NeighborMessage.TryReadFrame(Frames.NeighborSolicitation, out var question).ShouldBeTrue();

        Written(question.AnswerFrom(Ours, router: true), question.Mac).ShouldBe(Frames.Hex(
            "020000000001 0200000000aa 86dd 60000000 0020 3a ff"
            + "fd000070000000000000000000000100 fd000070000000000000000000000001"
            + "88 00 98a5 e0000000 fd000070000000000000000000000100 02 01 0200000000aa"));
    }

    [Fact]
    public void AnswerFrom_Probe_GoesToAllNodesUnsolicited()
    {
        NeighborMessage.TryReadFrame(Frames.NeighborProbe, out var probe).ShouldBeTrue();

        var answer = probe.AnswerFrom(Ours, router: false);

        answer.ShouldBe(NeighborMessage.Announcement(Ours, Vip, router: false));
    }

    [Theory]
    [InlineData(true, "a0000000")]
    [InlineData(false, "20000000")]
    public void Announcement_Written_OverridesAndIsForAllNodes(bool router, string flags)
    {
        var frame = Written(NeighborMessage.Announcement(Ours, Vip, router), default);

        frame[..56].ShouldBe([.. Frames.Hex(
            "333300000001 0200000000aa 86dd 60000000 0020 3a ff"
            + "fd000070000000000000000000000100 ff020000000000000000000000000001 88 00")]);
        frame[58..].ShouldBe(Frames.Hex(flags + "fd000070000000000000000000000100 02 01 0200000000aa"));
        NeighborMessage.TryReadFrame(frame, out var read).ShouldBeTrue("its checksum is right");
        read.ShouldBe(NeighborMessage.Announcement(Ours, Vip, router));
    }

    [Fact]
    public void Question_Written_AsksOneHostForItself()
    {
        var frame = Written(NeighborMessage.Question(Ours, Client, Vip), Theirs);

        EthernetHeader.TryRead(frame, out var header).ShouldBeTrue();
        header.Destination.ShouldBe(Theirs);
        NeighborMessage.TryReadFrame(frame, out var read).ShouldBeTrue();
        read.ShouldBe(new NeighborMessage(
            NeighborMessageType.Solicitation, Ours, Client, Vip, Vip, NeighborFlags.None, Ours));
    }

    [Fact]
    public void TryReadFrame_CutAtEveryLength_IsRefused()
    {
        for (var length = 0; length < Frames.NeighborSolicitation.Length; length++)
        {
            NeighborMessage.TryReadFrame(Frames.NeighborSolicitation.AsSpan(0, length), out _)
                .ShouldBeFalse($"{length} bytes");
        }
    }

    [Fact]
    public void TryReadFrame_AnyBitOfThePacketFlipped_IsRefused()
    {
        // All but the MAC addresses, traffic class and flow label, which neither checks nor checksums cover.
        for (var at = 18; at < Frames.NeighborSolicitation.Length; at++)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                byte[] frame = [.. Frames.NeighborSolicitation];
                frame[at] ^= (byte)(1 << bit);
                NeighborMessage.TryReadFrame(frame, out _).ShouldBeFalse($"byte {at}, bit {bit}");
            }
        }
    }

    /// <summary>RFC 4861 sections 7.1.1 and 7.1.2, each with a right checksum.</summary>
    [Theory]
    [InlineData("hop limit", 21, "fe")]
    [InlineData("code", 55, "01")]
    [InlineData("target is a group", 62, "ff")]
    [InlineData("target is unspecified", 62, "00000000000000000000000000000000")]
    [InlineData("option without length", 79, "00")]
    [InlineData("option longer than the message", 79, "02")]
    [InlineData("option is a group address", 80, "01")]
    [InlineData("type is router solicitation", 54, "85")]
    [InlineData("source is a group", 22, "ff")]
    [InlineData("probe with a source link-layer address", 22, "00000000000000000000000000000000")]
    public void TryReadFrame_BreaksARule_IsRefused(string rule, int at, string bytes)
        => NeighborMessage.TryReadFrame(Changed(Frames.NeighborSolicitation, at, bytes), out _).ShouldBeFalse(rule);

    [Fact]
    public void TryReadFrame_ProbeToAHost_IsRefused()
        => NeighborMessage.TryReadFrame(
            Changed(Frames.NeighborProbe, 38, "fd000070000000000000000000000100"), out _).ShouldBeFalse();

    [Fact]
    public void TryReadFrame_SolicitedAdvertisementToAGroup_IsRefused()
    {
        var frame = Written(NeighborMessage.Announcement(Ours, Vip, router: false), default);

        NeighborMessage.TryReadFrame(Changed(frame, 58, "60"), out _).ShouldBeFalse();
    }

    [Fact]
    public void TryReadFrame_UnknownOptionBefore_IsSkipped()
    {
        // Nonce (RFC 3971), as Linux sends in its own probes, then the source link-layer address.
        var frame = Frames.Hex(Convert.ToHexString(Frames.NeighborSolicitation[..78])
            + "0e01010203040506" + "0101020000000001");
        frame[19] = 40;

        NeighborMessage.TryReadFrame(Changed(frame, 54, "87"), out var message).ShouldBeTrue();
        message.LinkLayerAddress.ShouldBe(Theirs);
    }

    [Fact]
    public void TryReadFrame_RandomBytes_NeverThrows()
    {
        var random = new Random(20261121);
        for (var i = 0; i < 100_000; i++)
        {
            var frame = new byte[random.Next(0, 128)];
            random.NextBytes(frame);
            if (frame.Length > 60 && i % 2 == 0)
            {
                Frames.NeighborSolicitation.AsSpan(12, 45).CopyTo(frame.AsSpan(12));
                frame[19] = (byte)(frame.Length - 54);
                frame = Changed(frame, 54, "87");
            }

            NeighborMessage.TryReadFrame(frame, out _);
        }
    }

    private static IPv6Address Address(string text) => IPv6Address.From(IPAddress.Parse(text));

    private static byte[] Written(NeighborMessage message, MacAddress destination)
    {
        var frame = new byte[NeighborMessage.MaxFrameLength];
        return frame[..message.WriteFrame(frame, destination)];
    }

    /// <summary>The frame with other bytes, and the checksum right again.</summary>
    private static byte[] Changed(byte[] frame, int at, string bytes)
    {
        byte[] changed = [.. frame];
        Frames.Hex(bytes).CopyTo(changed, at);
        changed.AsSpan(56, 2).Clear();
        var checksum = InternetChecksum.OfIcmpV6(changed.AsSpan(22, 32), changed.AsSpan(54));
        (changed[56], changed[57]) = ((byte)(checksum >> 8), (byte)checksum);
        return changed;
    }
}
