using System.Net;
using Mooring.Core.Packets;

namespace Mooring.Core.Tests.Packets;

public sealed class Icmpv6EchoTests
{
    private static readonly MacAddress Ours = new(0x0200_0000_00AA);

    [Fact]
    public void Inspect_Request_TellsTheDestination()
    {
        Icmpv6Echo.Inspect(Frames.EchoRequestV6, out var destination).ShouldBe(EchoVerdict.Request);

        destination.ToIPAddress().ShouldBe(IPAddress.Parse("fd00:70::100"));
    }

    [Fact]
    public void WriteReply_Request_MirrorsItWithItsData()
    {
        var reply = new byte[Frames.EchoRequestV6.Length];

        Icmpv6Echo.WriteReply(Frames.EchoRequestV6, Ours, reply).ShouldBe(reply.Length);

        reply.ShouldBe(Frames.Hex(
            "020000000001 0200000000aa 86dd 60000000 0010 3a 40"
            + "fd000070000000000000000000000100 fd000070000000000000000000000001"
            + "81 00 6089 1234 0001 0102030405060708"));
    }

    [Fact]
    public void WriteReply_PaddedRequest_LeavesThePaddingOut()
    {
        byte[] padded = [.. Frames.EchoRequestV6, 1, 2, 3];

        Icmpv6Echo.WriteReply(padded, Ours, new byte[padded.Length]).ShouldBe(Frames.EchoRequestV6.Length);
    }

    [Fact]
    public void Inspect_CutAtEveryLength_IsMalformed()
    {
        for (var length = 0; length < Frames.EchoRequestV6.Length; length++)
        {
            Icmpv6Echo.Inspect(Frames.EchoRequestV6.AsSpan(0, length), out _)
                .ShouldBe(EchoVerdict.Malformed, $"{length} bytes");
        }
    }

    [Fact]
    public void Inspect_AnyBitOfTheMessageFlipped_IsMalformed()
    {
        for (var at = 22; at < Frames.EchoRequestV6.Length; at++)
        {
            byte[] frame = [.. Frames.EchoRequestV6];
            frame[at] ^= 0x10;
            Icmpv6Echo.Inspect(frame, out _).ShouldBe(EchoVerdict.Malformed, $"byte {at}");
        }
    }

    [Theory]
    [InlineData("a reply", 54, "81")]
    [InlineData("another code", 55, "01")]
    [InlineData("from nobody", 22, "00000000000000000000000000000000")]
    [InlineData("from the address itself", 22, "fd000070000000000000000000000100")]
    public void Inspect_NothingToAnswer_IsNotForUs(string what, int at, string bytes)
        => Icmpv6Echo.Inspect(Changed(at, bytes), out _).ShouldBe(EchoVerdict.NotForUs, what);

    [Fact]
    public void Inspect_SentToAGroup_IsNotForUs()
    {
        byte[] frame = [.. Frames.EchoRequestV6];
        frame[0] = 0x33;

        Icmpv6Echo.Inspect(frame, out _).ShouldBe(EchoVerdict.NotForUs);
    }

    private static byte[] Changed(int at, string bytes)
    {
        byte[] changed = [.. Frames.EchoRequestV6];
        Frames.Hex(bytes).CopyTo(changed, at);
        changed.AsSpan(56, 2).Clear();
        var checksum = InternetChecksum.OfIcmpV6(changed.AsSpan(22, 32), changed.AsSpan(54));
        (changed[56], changed[57]) = ((byte)(checksum >> 8), (byte)checksum);
        return changed;
    }
}
