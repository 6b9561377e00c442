using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Failover;

/// <summary>
/// The heartbeat on the wire, version 1; docs/failover.md has the format. Decoding is total: any bytes give a result.
/// </summary>
public static class HeartbeatCodec
{
    /// <summary>Longest packet in bytes: no fragments on any network that carries Ethernet's 1500, tunnels included.</summary>
    public const int MaxLength = 1400;

    private const uint Magic = 0x4d524842; // "MRHB"
    private const byte Version = 1;
    private const byte HearsReceiverFlag = 1;
    private const byte LeavingFlag = 2;
    private const byte IPv6Flag = 0x80;
    private const int FixedLength = 36;
    private const int MacLength = HMACSHA256.HashSizeInBytes;
    private const int MinLength = FixedLength + MacLength;
    private const int MaxNameLength = byte.MaxValue;

    /// <summary>A larger term is refused: it would leave no room to grow.</summary>
    private const ulong MaxTerm = ulong.MaxValue / 2;

    /// <summary>Writes as many of the claims as fit.</summary>
    /// <param name="destination">At least <see cref="MaxLength"/> bytes.</param>
    /// <param name="packet">What to write, its claims left out.</param>
    /// <param name="claims">Claims to write.</param>
    /// <param name="key">Signs the packet.</param>
    /// <param name="written">How many claims went in; the caller sends the others in further packets.</param>
    /// <returns>Length of the packet in bytes.</returns>
    /// <exception cref="ArgumentException">A node's name is longer than 255 bytes or the key is not of 32 bytes.</exception>
    public static int Encode(
        Span<byte> destination,
        HeartbeatPacket packet,
        ReadOnlySpan<AddressClaim> claims,
        HeartbeatKey key,
        out int written)
    {
        var heartbeat = packet.Heartbeat;
        BinaryPrimitives.WriteUInt32BigEndian(destination, Magic);
        destination[4] = Version;
        destination[5] = (byte)((heartbeat.HearsReceiver ? HearsReceiverFlag : 0) | (heartbeat.Leaving ? LeavingFlag : 0));
        destination[6] = key.Id;
        destination[7] = 0;
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], heartbeat.Epoch);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], packet.Sequence);
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], heartbeat.Revision);
        var at = FixedLength;
        destination[32] = WriteName(destination, heartbeat.Sender, ref at);
        destination[33] = WriteName(destination, packet.Receiver, ref at);

        written = 0;
        foreach (var claim in claims)
        {
            if (!TryWriteClaim(destination[..(MaxLength - MacLength)], claim, ref at))
            {
                break;
            }

            written++;
        }

        BinaryPrimitives.WriteUInt16BigEndian(destination[34..], (ushort)written);
        HMACSHA256.HashData(Secret(key), destination[..at], destination[at..]);
        return at + MacLength;
    }

    /// <summary>Reads a packet; <paramref name="packet"/> is set when the result is Ok.</summary>
    public static HeartbeatDecodeResult Decode(
        ReadOnlySpan<byte> bytes, ImmutableArray<HeartbeatKey> keys, out HeartbeatPacket? packet)
    {
        packet = null;
        if (bytes.Length < MinLength)
        {
            return HeartbeatDecodeResult.TooShort;
        }

        if (bytes.Length > MaxLength)
        {
            return HeartbeatDecodeResult.TooLong;
        }

        if (BinaryPrimitives.ReadUInt32BigEndian(bytes) != Magic)
        {
            return HeartbeatDecodeResult.BadMagic;
        }

        if (bytes[4] != Version)
        {
            return HeartbeatDecodeResult.UnknownVersion;
        }

        var signed = bytes[..^MacLength];
        var authentic = Authenticate(signed, bytes[^MacLength..], bytes[6], keys);
        if (authentic != HeartbeatDecodeResult.Ok)
        {
            return authentic;
        }

        packet = Read(signed);
        return packet is null ? HeartbeatDecodeResult.Malformed : HeartbeatDecodeResult.Ok;
    }

    private static HeartbeatDecodeResult Authenticate(
        ReadOnlySpan<byte> signed, ReadOnlySpan<byte> mac, byte keyId, ImmutableArray<HeartbeatKey> keys)
    {
        Span<byte> expected = stackalloc byte[MacLength];
        foreach (var key in keys)
        {
            if (key.Id == keyId)
            {
                HMACSHA256.HashData(key.Secret.AsSpan(), signed, expected);
                return CryptographicOperations.FixedTimeEquals(expected, mac)
                    ? HeartbeatDecodeResult.Ok : HeartbeatDecodeResult.BadMac;
            }
        }

        return HeartbeatDecodeResult.UnknownKey;
    }

    private static HeartbeatPacket? Read(ReadOnlySpan<byte> bytes)
    {
        int senderLength = bytes[32];
        int receiverLength = bytes[33];
        int count = BinaryPrimitives.ReadUInt16BigEndian(bytes[34..]);
        var rest = bytes[FixedLength..];
        if (senderLength == 0 || rest.Length < senderLength + receiverLength)
        {
            return null;
        }

        var sender = Encoding.UTF8.GetString(rest[..senderLength]);
        var receiver = Encoding.UTF8.GetString(rest.Slice(senderLength, receiverLength));
        rest = rest[(senderLength + receiverLength)..];

        // A claim has at least 14 bytes, so the count cannot ask for more memory than the packet has bytes.
        var claims = ImmutableArray.CreateBuilder<AddressClaim>(Math.Min(count, rest.Length / 14));
        for (var i = 0; i < count; i++)
        {
            if (!TryReadClaim(ref rest, out var claim))
            {
                return null;
            }

            claims.Add(claim);
        }

        if (!rest.IsEmpty)
        {
            return null;
        }

        return new HeartbeatPacket(
            receiver,
            BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]),
            new Heartbeat
            {
                Sender = sender,
                Epoch = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
                Revision = BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]),
                HearsReceiver = (bytes[5] & HearsReceiverFlag) != 0,
                Leaving = (bytes[5] & LeavingFlag) != 0,
                Claims = claims.ToImmutable(),
            });
    }

    // kind (1 byte, top bit for IPv6), rank (1), term (8), address (4 or 16)
    private static bool TryWriteClaim(Span<byte> destination, AddressClaim claim, ref int at)
    {
        var v6 = claim.Address.AddressFamily == AddressFamily.InterNetworkV6;
        var length = 10 + (v6 ? 16 : 4);
        if (destination.Length - at < length)
        {
            return false;
        }

        var span = destination.Slice(at, length);
        span[0] = (byte)((byte)claim.Kind | (v6 ? IPv6Flag : 0));
        span[1] = claim.Rank;
        BinaryPrimitives.WriteUInt64BigEndian(span[2..], claim.Term);
        claim.Address.TryWriteBytes(span[10..], out _);
        at += length;
        return true;
    }

    private static bool TryReadClaim(ref ReadOnlySpan<byte> rest, out AddressClaim claim)
    {
        claim = default;
        var length = rest.IsEmpty ? int.MaxValue : 10 + ((rest[0] & IPv6Flag) != 0 ? 16 : 4);
        if (rest.Length < length)
        {
            return false;
        }

        var kind = (ClaimKind)(rest[0] & ~IPv6Flag);
        var term = BinaryPrimitives.ReadUInt64BigEndian(rest[2..]);
        if (kind is not (ClaimKind.Holder or ClaimKind.Yielding or ClaimKind.Released or ClaimKind.Handover) || term > MaxTerm)
        {
            return false;
        }

        claim = new AddressClaim(new IPAddress(rest[10..length]), kind, term, rest[1]);
        rest = rest[length..];
        return true;
    }

    private static byte WriteName(Span<byte> destination, string name, ref int at)
    {
        var length = Encoding.UTF8.GetByteCount(name);
        if (length is 0 or > MaxNameLength)
        {
            throw new ArgumentException($"a node's name has 1 to {MaxNameLength} bytes, this one has {length}", nameof(name));
        }

        at += Encoding.UTF8.GetBytes(name, destination[at..]);
        return (byte)length;
    }

    private static ReadOnlySpan<byte> Secret(HeartbeatKey key) =>
        key.Secret.Length == HeartbeatKey.SecretLength
            ? key.Secret.AsSpan()
            : throw new ArgumentException($"key {key.Id} has {key.Secret.Length} bytes, not {HeartbeatKey.SecretLength}", nameof(key));
}
