using System.Net;
using System.Text;
using Mooring.Core.Failover;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Tests.Failover;

public sealed class HeartbeatCodecTests
{
    private static readonly HeartbeatKey Key = NewKey(7);

    [Fact]
    public void Decode_EncodedPacket_IsWhatWasEncoded()
    {
        AddressClaim[] claims =
        [
            new(IPAddress.Parse("10.70.0.100"), ClaimKind.Holder, 42, 0),
            new(IPAddress.Parse("fd00::64"), ClaimKind.Yielding, ulong.MaxValue / 2, 255),
            new(IPAddress.Parse("10.70.0.101"), ClaimKind.Released, 0, 3),
            new(IPAddress.Parse("10.70.0.102"), ClaimKind.Handover, 1, 1),
        ];

        var bytes = Encode(claims, out var written);
        HeartbeatCodec.Decode(bytes, [Key], out var fields).ShouldBe(HeartbeatDecodeResult.Ok);

        written.ShouldBe(4);
        Encoding.UTF8.GetString(fields.Receiver).ShouldBe("node-2");
        Encoding.UTF8.GetString(fields.Sender).ShouldBe("node-1");
        fields.Sequence.ShouldBe(9UL);
        fields.Epoch.ShouldBe(1_733_000_000_000UL);
        fields.Revision.ShouldBe(17UL);
        fields.ReceiverEpoch.ShouldBe(5UL);
        fields.Leaving.ShouldBeTrue();
        fields.ReadClaims().ShouldBe(claims);
    }

    [Fact]
    public void Encode_MoreClaimsThanFit_FillsThePacketAndSaysHowMany()
    {
        var claims = Enumerable.Range(0, 1000)
            .Select(i => new AddressClaim(new IPAddress([10, 70, (byte)(i >> 8), (byte)i]), ClaimKind.Holder, 1, 0))
            .ToArray();
        var decoded = new List<AddressClaim>();

        while (decoded.Count < claims.Length)
        {
            var bytes = Encode(claims[decoded.Count..], out var written);
            bytes.Length.ShouldBeLessThanOrEqualTo(HeartbeatCodec.MaxLength);
            written.ShouldBeGreaterThanOrEqualTo(Math.Min(90, claims.Length - decoded.Count));
            HeartbeatCodec.Decode(bytes, [Key], out var fields).ShouldBe(HeartbeatDecodeResult.Ok);
            decoded.AddRange(fields.ReadClaims());
        }

        decoded.ShouldBe(claims);
    }

    [Fact]
    public void Decode_CutShortAnywhere_IsRefused()
    {
        var bytes = Encode([new(IPAddress.Parse("10.70.0.100"), ClaimKind.Holder, 42, 0)], out _);
        for (var length = 0; length < bytes.Length; length++)
        {
            HeartbeatCodec.Decode(bytes.AsSpan(0, length), [Key], out _).ShouldBeOneOf(
                HeartbeatDecodeResult.TooShort, HeartbeatDecodeResult.BadMac);
        }
    }

    [Fact]
    public void Decode_AnyBitFlipped_IsRefused()
    {
        var bytes = Encode([new(IPAddress.Parse("10.70.0.100"), ClaimKind.Holder, 42, 0)], out _);
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            HeartbeatCodec.Decode(bytes, [Key], out _).ShouldNotBe(HeartbeatDecodeResult.Ok, $"bit {bit}");
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void Decode_RandomBytes_NeverThrows()
    {
        var random = new Random(20240607);
        var buffer = new byte[HeartbeatCodec.MaxLength + 100];
        for (var i = 0; i < 50_000; i++)
        {
            var bytes = buffer.AsSpan(0, random.Next(buffer.Length));
            random.NextBytes(bytes);
            HeartbeatCodec.Decode(bytes, [Key], out _).ShouldNotBe(HeartbeatDecodeResult.Ok);
        }
    }

    [Fact]
    public void Decode_AuthenticNonsense_IsMalformed()
    {
        // As the key is right, every length and count in the body gets read.
        var random = new Random(20240608);
        var seen = new HashSet<HeartbeatDecodeResult>();
        for (var i = 0; i < 50_000; i++)
        {
            var bytes = new byte[random.Next(76, HeartbeatCodec.MaxLength)];
            random.NextBytes(bytes);
            "MRHB"u8.CopyTo(bytes);
            bytes[4] = 1;
            bytes[6] = Key.Id;
            if (i % 2 == 0)
            {
                bytes[40] = (byte)random.Next(0, 8);
                bytes[41] = (byte)random.Next(0, 8);
                bytes[42] = 0;
                bytes[43] = (byte)random.Next(0, 3);
            }

            System.Security.Cryptography.HMACSHA256.HashData(
                Key.Secret.AsSpan(), bytes.AsSpan(0, bytes.Length - 32), bytes.AsSpan(bytes.Length - 32));
            seen.Add(HeartbeatCodec.Decode(bytes, [Key], out _));
        }

        seen.ShouldContain(HeartbeatDecodeResult.Malformed);
        seen.ShouldBeSubsetOf([HeartbeatDecodeResult.Malformed, HeartbeatDecodeResult.Ok]);
    }

    [Fact]
    public void Decode_HeaderOfAnotherKind_SaysWhich()
    {
        var bytes = Encode([], out _);

        Changed(0, (byte)'X').ShouldBe(HeartbeatDecodeResult.BadMagic);
        Changed(4, 2).ShouldBe(HeartbeatDecodeResult.UnknownVersion);
        Changed(6, 8).ShouldBe(HeartbeatDecodeResult.UnknownKey);
        HeartbeatCodec.Decode(new byte[HeartbeatCodec.MaxLength + 1], [Key], out _).ShouldBe(HeartbeatDecodeResult.TooLong);

        HeartbeatDecodeResult Changed(int at, byte value)
        {
            var copy = bytes.ToArray();
            copy[at] = value;
            return HeartbeatCodec.Decode(copy, [Key], out _);
        }
    }

    [Fact]
    public void Decode_TwoKeysDuringARotation_TakesBoth()
    {
        var other = NewKey(8);
        HeartbeatCodec.Decode(Encode([], out _), [other, Key], out _).ShouldBe(HeartbeatDecodeResult.Ok);
        HeartbeatCodec.Decode(Encode([], out _, other), [other, Key], out _).ShouldBe(HeartbeatDecodeResult.Ok);
        HeartbeatCodec.Decode(Encode([], out _, NewKey(7, fill: 9)), [other, Key], out _).ShouldBe(HeartbeatDecodeResult.BadMac);
    }

    [Fact]
    public void Accept_ReplayedMisdirectedOrUnknown_IsRefused()
    {
        var inbox = new HeartbeatInbox("node-2", epoch: 5);
        inbox.Configure(Snapshot("node-1", "node-2"));
        var bytes = Encode([], out _);

        inbox.Accept(bytes, TimeSpan.Zero, out var heartbeat, out var sequence).ShouldBe(HeartbeatDecodeResult.Ok);
        heartbeat!.Sender.ShouldBe("node-1");
        sequence.ShouldBe(9UL);
        inbox.Accept(bytes, TimeSpan.Zero, out heartbeat, out _).ShouldBe(HeartbeatDecodeResult.Replayed);
        heartbeat.ShouldBeNull();

        var elsewhere = new HeartbeatInbox("node-3", epoch: 5);
        elsewhere.Configure(Snapshot("node-1", "node-2", "node-3"));
        elsewhere.Accept(bytes, TimeSpan.Zero, out _, out _).ShouldBe(HeartbeatDecodeResult.WrongReceiver);

        inbox.Configure(Snapshot("node-2", "node-3"));
        inbox.Accept(bytes, TimeSpan.Zero, out _, out _).ShouldBe(HeartbeatDecodeResult.UnknownSender);
    }

    private static ClusterSnapshot Snapshot(params string[] nodes) => new()
    {
        Revision = 1,
        Nodes = [.. nodes.Select(name => new NodePeer { Name = name })],
        HeartbeatKeys = [Key],
    };

    private static HeartbeatKey NewKey(byte id, byte fill = 1) =>
        new(id, [.. Enumerable.Repeat(fill, HeartbeatKey.SecretLength)]);

    private static byte[] Encode(AddressClaim[] claims, out int written, HeartbeatKey? key = null)
    {
        var buffer = new byte[HeartbeatCodec.MaxLength];
        var heartbeat = new Heartbeat
        {
            Sender = "node-1",
            Epoch = 1_733_000_000_000,
            Revision = 17,
            ReceiverEpoch = 5,
            Leaving = true,
        };
        var length = HeartbeatCodec.Encode(buffer, "node-2", sequence: 9, heartbeat, claims, key ?? Key, out written);
        return buffer[..length];
    }
}
