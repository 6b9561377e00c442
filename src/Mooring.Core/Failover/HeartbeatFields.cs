using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net;

namespace Mooring.Core.Failover;

/// <summary>The fields of an authentic packet, read in place.</summary>
public readonly ref struct HeartbeatFields
{
    private const int ClaimHead = 10;

    /// <summary>A larger term is refused: it would leave no room to grow.</summary>
    private const ulong MaxTerm = ulong.MaxValue / 2;

    private readonly ReadOnlySpan<byte> _bytes;

    internal HeartbeatFields(ReadOnlySpan<byte> signed) => _bytes = signed;

    public bool Leaving => (_bytes[5] & HeartbeatCodec.LeavingFlag) != 0;

    public ulong Epoch => BinaryPrimitives.ReadUInt64BigEndian(_bytes[8..]);

    public ulong Sequence => BinaryPrimitives.ReadUInt64BigEndian(_bytes[16..]);

    public ulong Revision => BinaryPrimitives.ReadUInt64BigEndian(_bytes[24..]);

    public ulong ReceiverEpoch => BinaryPrimitives.ReadUInt64BigEndian(_bytes[32..]);

    /// <summary>Name of the sending node in UTF-8.</summary>
    public ReadOnlySpan<byte> Sender => _bytes.Slice(HeartbeatCodec.FixedLength, _bytes[40]);

    /// <summary>Name of the node it is meant for in UTF-8.</summary>
    public ReadOnlySpan<byte> Receiver => _bytes.Slice(HeartbeatCodec.FixedLength + _bytes[40], _bytes[41]);

    public int ClaimCount => BinaryPrimitives.ReadUInt16BigEndian(_bytes[42..]);

    /// <summary>The claims as they came: equal bytes say the same.</summary>
    public ReadOnlySpan<byte> Claims => _bytes[(HeartbeatCodec.FixedLength + _bytes[40] + _bytes[41])..];

    internal bool IsWellFormed
    {
        get
        {
            if (_bytes[40] == 0 || _bytes.Length < HeartbeatCodec.FixedLength + _bytes[40] + _bytes[41])
            {
                return false;
            }

            var rest = Claims;
            for (var i = ClaimCount; i > 0; i--)
            {
                if (!TryReadHead(ref rest, out _, out _))
                {
                    return false;
                }
            }

            return rest.IsEmpty;
        }
    }

    public ImmutableArray<AddressClaim> ReadClaims()
    {
        var claims = ImmutableArray.CreateBuilder<AddressClaim>(ClaimCount);
        var rest = Claims;
        while (TryReadHead(ref rest, out var head, out var address))
        {
            claims.Add(new AddressClaim(
                new IPAddress(address), Kind(head), BinaryPrimitives.ReadUInt64BigEndian(head[2..]), head[1]));
        }

        return claims.ToImmutable();
    }

    private static ClaimKind Kind(ReadOnlySpan<byte> head) => (ClaimKind)(head[0] & ~HeartbeatCodec.IPv6Flag);

    private static bool TryReadHead(
        ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> head, out ReadOnlySpan<byte> address)
    {
        head = address = default;
        var length = rest.IsEmpty ? int.MaxValue : ClaimHead + ((rest[0] & HeartbeatCodec.IPv6Flag) != 0 ? 16 : 4);
        if (rest.Length < length)
        {
            return false;
        }

        head = rest[..ClaimHead];
        address = rest[ClaimHead..length];
        rest = rest[length..];
        return Kind(head) is >= ClaimKind.Holder and <= ClaimKind.Handover
            && BinaryPrimitives.ReadUInt64BigEndian(head[2..]) <= MaxTerm;
    }
}
