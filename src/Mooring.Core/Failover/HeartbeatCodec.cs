using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Failover;

/// <summary>
/// The heartbeat on the wire, version 1; docs/failover.md has the format. Decoding is total: any bytes give a result.
/// Neither way allocates.
/// </summary>
public static class HeartbeatCodec
{
    /// <summary>Longest packet in bytes: no fragments on any network that carries Ethernet's 1500, tunnels included.</summary>
    public const int MaxLength = 1400;

    internal const byte LeavingFlag = 1;
    internal const byte IPv6Flag = 0x80;
    internal const int FixedLength = 44;

    private const uint Magic = 0x4d524842; // "MRHB"
    private const byte Version = 1;
    private const int MacLength = HMACSHA256.HashSizeInBytes;
    private const int MinLength = FixedLength + MacLength;
    private const int MaxNameLength = byte.MaxValue;

    /// <summary>Writes as many of the claims as fit.</summary>
    /// <param name="destination">At least <see cref="MaxLength"/> bytes.</param>
    /// <param name="receiver">Name of the node it is meant for.</param>
    /// <param name="sequence">Number of the packet, larger than that of every packet before in the sender's epoch.</param>
    /// <param name="heartbeat">What to write, its claims left out.</param>
    /// <param name="claims">Claims to write.</param>
    /// <param name="key">Signs the packet.</param>
    /// <param name="written">How many claims went in; the caller sends the others in further packets.</param>
    /// <returns>Length of the packet in bytes.</returns>
    /// <exception cref="ArgumentException">A node's name is longer than 255 bytes or the key is not of 32 bytes.</exception>
    public static int Encode(
        Span<byte> destination,
        string receiver,
        ulong sequence,
        Heartbeat heartbeat,
        ReadOnlySpan<AddressClaim> claims,
        HeartbeatKey key,
        out int written)
    {
        BinaryPrimitives.WriteUInt32BigEndian(destination, Magic);
        destination[4] = Version;
        destination[5] = heartbeat.Leaving ? LeavingFlag : (byte)0;
        destination[6] = key.Id;
        destination[7] = 0;
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], heartbeat.Epoch);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], sequence);
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], heartbeat.Revision);
        BinaryPrimitives.WriteUInt64BigEndian(destination[32..], heartbeat.ReceiverEpoch);
        var at = FixedLength;
        destination[40] = WriteName(destination, heartbeat.Sender, ref at);
        destination[41] = WriteName(destination, receiver, ref at);

        written = 0;
        foreach (ref readonly var claim in claims)
        {
            if (!TryWriteClaim(destination[..(MaxLength - MacLength)], claim, ref at))
            {
                break;
            }

            written++;
        }

        BinaryPrimitives.WriteUInt16BigEndian(destination[42..], (ushort)written);
        HMACSHA256.HashData(Secret(key), destination[..at], destination[at..]);
        return at + MacLength;
    }

    /// <summary>Checks a packet; <paramref name="fields"/> can be read when the result is Ok.</summary>
    public static HeartbeatDecodeResult Decode(
        ReadOnlySpan<byte> bytes, ImmutableArray<HeartbeatKey> keys, out HeartbeatFields fields)
    {
        fields = default;
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

        fields = new HeartbeatFields(signed);
        return fields.IsWellFormed ? HeartbeatDecodeResult.Ok : HeartbeatDecodeResult.Malformed;
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

    // kind (1 byte, top bit for IPv6), rank (1), term (8), address (4 or 16)
    private static bool TryWriteClaim(Span<byte> destination, in AddressClaim claim, ref int at)
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
