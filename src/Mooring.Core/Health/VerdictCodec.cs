using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Health;

/// <summary>
/// Verdicts on the wire, version 1; docs/health.md has the format. Signed by the key of the heartbeats. Decoding is total:
/// any bytes give a result.
/// </summary>
public static class VerdictCodec
{
    /// <summary>Longest packet in bytes: no fragments on any network that carries Ethernet's 1500, tunnels included.</summary>
    public const int MaxLength = 1400;

    /// <summary>Records that fit whatever the names.</summary>
    public const int MaxRecords = (MaxLength - FixedLength - MacLength - (2 * MaxNameLength)) / RecordLength;

    private const uint Magic = 0x4d525644; // "MRVD"
    private const byte Version = 1;
    private const byte AsksForAllFlag = 1;
    private const byte HealthyFlag = 1;
    private const byte HolderFlag = 2;
    private const byte GoneFlag = 4;
    private const int FixedLength = 44;
    private const int RecordLength = 9;
    private const int MacLength = HMACSHA256.HashSizeInBytes;
    private const int MaxNameLength = 253;

    /// <param name="destination">At least <see cref="MaxLength"/> bytes.</param>
    /// <param name="packet">At most <see cref="MaxRecords"/> records, names of 1 to 253 bytes.</param>
    /// <param name="key">Signs the packet.</param>
    /// <returns>Length of the packet in bytes.</returns>
    /// <exception cref="ArgumentException">There are more records than fit.</exception>
    public static int Encode(Span<byte> destination, VerdictPacket packet, HeartbeatKey key)
    {
        if (packet.Records.Length > MaxRecords)
        {
            throw new ArgumentException($"{packet.Records.Length} records do not fit, {MaxRecords} do", nameof(packet));
        }

        BinaryPrimitives.WriteUInt32BigEndian(destination, Magic);
        destination[4] = Version;
        destination[5] = packet.AsksForAll ? AsksForAllFlag : (byte)0;
        destination[6] = key.Id;
        destination[7] = 0;
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], packet.Epoch);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], packet.Sequence);
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], packet.Digest);
        BinaryPrimitives.WriteUInt64BigEndian(destination[32..], packet.WholeFrom);
        var at = FixedLength;
        destination[40] = Write(destination, packet.Sender, ref at);
        destination[41] = Write(destination, packet.Receiver, ref at);
        BinaryPrimitives.WriteUInt16BigEndian(destination[42..], (ushort)packet.Records.Length);
        foreach (var record in packet.Records)
        {
            BinaryPrimitives.WriteUInt64BigEndian(destination[at..], record.Endpoint);
            destination[at + 8] = (byte)(
                (record.Healthy ? HealthyFlag : 0) | (record.Holder ? HolderFlag : 0) | (record.Gone ? GoneFlag : 0));
            at += RecordLength;
        }

        HMACSHA256.HashData(key.Secret.AsSpan(), destination[..at], destination[at..]);
        return at + MacLength;
    }

    /// <summary>Null when the bytes are not an authentic packet.</summary>
    public static VerdictPacket? Decode(ReadOnlySpan<byte> bytes, ImmutableArray<HeartbeatKey> keys)
    {
        if (bytes.Length is < FixedLength + MacLength or > MaxLength
            || BinaryPrimitives.ReadUInt32BigEndian(bytes) != Magic || bytes[4] != Version
            || !IsAuthentic(bytes[..^MacLength], bytes[^MacLength..], keys))
        {
            return null;
        }

        var (sender, receiver) = ((int)bytes[40], (int)bytes[41]);
        int count = BinaryPrimitives.ReadUInt16BigEndian(bytes[42..]);
        var rest = bytes[FixedLength..^MacLength];
        if (sender == 0 || receiver == 0 || rest.Length != sender + receiver + (count * RecordLength))
        {
            return null;
        }

        var records = ImmutableArray.CreateBuilder<VerdictRecord>(count);
        for (var at = sender + receiver; at < rest.Length; at += RecordLength)
        {
            var flags = rest[at + 8];
            records.Add(new VerdictRecord(
                BinaryPrimitives.ReadUInt64BigEndian(rest[at..]),
                (flags & HealthyFlag) != 0,
                (flags & HolderFlag) != 0,
                (flags & GoneFlag) != 0));
        }

        return new VerdictPacket
        {
            Sender = Encoding.UTF8.GetString(rest[..sender]),
            Receiver = Encoding.UTF8.GetString(rest.Slice(sender, receiver)),
            Epoch = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
            Sequence = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]),
            Digest = BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]),
            WholeFrom = BinaryPrimitives.ReadUInt64BigEndian(bytes[32..]),
            AsksForAll = (bytes[5] & AsksForAllFlag) != 0,
            Records = records.MoveToImmutable(),
        };
    }

    private static bool IsAuthentic(ReadOnlySpan<byte> signed, ReadOnlySpan<byte> mac, ImmutableArray<HeartbeatKey> keys)
    {
        Span<byte> expected = stackalloc byte[MacLength];
        foreach (var key in keys)
        {
            if (key.Id == signed[6])
            {
                HMACSHA256.HashData(key.Secret.AsSpan(), signed, expected);
                return CryptographicOperations.FixedTimeEquals(expected, mac);
            }
        }

        return false;
    }

    private static byte Write(Span<byte> destination, string name, ref int at)
    {
        var length = Encoding.UTF8.GetBytes(name, destination.Slice(at, MaxNameLength));
        at += length;
        return (byte)length;
    }
}
