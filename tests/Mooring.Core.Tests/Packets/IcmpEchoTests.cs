using System.Buffers.Binary;
using System.Net;
using Mooring.Core.Packets;

namespace Mooring.Core.Tests.Packets;

public sealed class IcmpEchoTests
{
    private static readonly MacAddress Ours = new(0x0200_0000_00AA);

    [Fact]
    public void Inspect_Request_GivesBothAddresses()
    {
        IcmpEcho.Inspect(Frames.EchoRequest, out var source, out var destination).ShouldBe(EchoVerdict.Request);

        source.ToIPAddress().ShouldBe(IPAddress.Parse("10.70.0.1"));
        destination.ToIPAddress().ShouldBe(IPAddress.Parse("10.70.0.100"));
    }

    [Fact]
    public void WriteReply_Request_IsTheGoldenFrame()
    {
        var reply = new byte[Frames.EchoRequest.Length];

        IcmpEcho.WriteReply(Frames.EchoRequest, Ours, reply).ShouldBe(reply.Length);

        reply.ShouldBe(Frames.Hex(
            "020000000001 0200000000aa 0800"
            + "4500 0024 abcd 4000 4001 7a1b 0a460064 0a460001"
            + "0000 ddb6 1234 0001 0102030405060708"));
    }

    [Fact]
    public void WriteReply_RequestWithOptionsAndPadding_LeavesBothOut()
    {
        // One word of IP options (four no-operations), then two bytes of Ethernet padding.
        var request = WithChecksum(Frames.Hex(
            "0200000000aa 020000000001 0800"
            + "4600 0028 abcd 4000 4001 0000 0a460001 0a460064 01010101"
            + "0800 d5b6 1234 0001 0102030405060708 eeee"));
        var reply = new byte[request.Length];

        IcmpEcho.Inspect(request, out _, out _).ShouldBe(EchoVerdict.Request);
        var length = IcmpEcho.WriteReply(request, Ours, reply);

        length.ShouldBe(Frames.EchoRequest.Length);
        reply[14].ShouldBe((byte)0x45);
        InternetChecksum.Of(reply.AsSpan(14, 20)).ShouldBe((ushort)0);
        InternetChecksum.Of(reply.AsSpan(34, length - 34)).ShouldBe((ushort)0);
    }

    [Fact]
    public void Inspect_CutAtEveryLength_IsMalformed()
    {
        for (var length = 0; length < Frames.EchoRequest.Length; length++)
        {
            IcmpEcho.Inspect(Frames.EchoRequest.AsSpan(0, length), out _, out _)
                .ShouldBe(EchoVerdict.Malformed, $"{length} bytes");
        }
    }

    [Theory]
    [InlineData(14, 0x44, "header shorter than 20 bytes")]
    [InlineData(14, 0x65, "version 6")]
    [InlineData(16, 0xFF, "total length beyond the frame")]
    [InlineData(24, 0x41, "IP checksum wrong")]
    [InlineData(36, 0x00, "ICMP checksum wrong")]
    [InlineData(12, 0x86, "not IPv4")]
    public void Inspect_FieldWrong_IsMalformed(int offset, byte value, string what)
    {
        var frame = Frames.EchoRequest.ToArray();
        frame[offset] = value;

        IcmpEcho.Inspect(frame, out _, out _).ShouldBe(EchoVerdict.Malformed, what);
    }

    [Theory]
    [InlineData(20, 0x20, "more fragments")]
    [InlineData(21, 0x01, "fragment offset")]
    [InlineData(23, 0x11, "UDP")]
    [InlineData(26, 0xE0, "from a multicast group")]
    [InlineData(26, 0x00, "from 0.0.0.0/8")]
    [InlineData(0, 0x01, "to a group MAC")]
    public void Inspect_NotToBeAnswered_IsNotForUs(int offset, byte value, string what)
    {
        var frame = Frames.EchoRequest.ToArray();
        frame[offset] = value;

        IcmpEcho.Inspect(WithChecksum(frame), out _, out _).ShouldBe(EchoVerdict.NotForUs, what);
    }

    [Fact]
    public void Inspect_Reply_IsNotForUs()
    {
        var reply = new byte[Frames.EchoRequest.Length];
        IcmpEcho.WriteReply(Frames.EchoRequest, Ours, reply);

        IcmpEcho.Inspect(reply, out _, out _).ShouldBe(EchoVerdict.NotForUs);
    }

    [Fact]
    public void Inspect_RandomDamage_NeverThrowsAndAnswersOnlyGoodRequests()
    {
        var random = new Random(20260102);
        var reply = new byte[256];
        for (var round = 0; round < 20_000; round++)
        {
            var frame = Frames.EchoRequest.ToArray();
            for (var i = 0; i < random.Next(1, 5); i++)
            {
                frame[random.Next(frame.Length)] = (byte)random.Next(256);
            }

            if ((frame[14] & 0x0F) == 5)
            {
                WithChecksum(frame); // otherwise nearly every frame would fall at the first checksum
            }

            var cut = frame.AsSpan(0, random.Next(frame.Length + 1));
            if (IcmpEcho.Inspect(cut, out _, out _) == EchoVerdict.Request)
            {
                var length = IcmpEcho.WriteReply(cut, Ours, reply);
                InternetChecksum.Of(reply.AsSpan(14, 20)).ShouldBe((ushort)0);
                InternetChecksum.Of(reply.AsSpan(34, length - 34)).ShouldBe((ushort)0);
            }
        }
    }

    private static byte[] WithChecksum(byte[] frame)
    {
        var header = frame.AsSpan(14, (frame[14] & 0x0F) * 4);
        header.Slice(10, 2).Clear();
        BinaryPrimitives.WriteUInt16BigEndian(header[10..], InternetChecksum.Of(header));
        return frame;
    }
}
