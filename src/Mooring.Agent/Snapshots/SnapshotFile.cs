using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Mooring.Agent.Snapshots;

/// <summary>
/// The bytes of a snapshot file: "MOORSNAP", a format version (4 bytes), the payload's length (8 bytes) and SHA-256
/// (32 bytes), the payload. Numbers are big-endian. The payload is a Snapshot of agent.proto.
/// </summary>
internal static class SnapshotFile
{
    public const int HeaderLength = 8 + 4 + 8 + SHA256.HashSizeInBytes;
    public const uint FormatVersion = 1;

    /// <summary>In place of "MOORSNAP" before a Delta of agent.proto, one of many in a file.</summary>
    public static ReadOnlySpan<byte> ChangeMagic => "MOORDELT"u8;

    private static ReadOnlySpan<byte> Magic => "MOORSNAP"u8;

    public static byte[] Header(ReadOnlySpan<byte> payload) => Header(Magic, payload);

    public static byte[] Header(ReadOnlySpan<byte> magic, ReadOnlySpan<byte> payload)
    {
        var header = new byte[HeaderLength];
        magic.CopyTo(header);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(8), FormatVersion);
        BinaryPrimitives.WriteUInt64BigEndian(header.AsSpan(12), (ulong)payload.Length);
        SHA256.HashData(payload, header.AsSpan(20));
        return header;
    }

    /// <summary>Takes the first change off <paramref name="bytes"/>; null when it is not whole.</summary>
    public static ReadOnlyMemory<byte>? TakeChange(ref ReadOnlyMemory<byte> bytes)
    {
        var span = bytes.Span;
        if (span.Length < HeaderLength || !span.StartsWith(ChangeMagic)
            || BinaryPrimitives.ReadUInt32BigEndian(span[8..]) != FormatVersion
            || BinaryPrimitives.ReadUInt64BigEndian(span[12..]) > (ulong)(span.Length - HeaderLength))
        {
            return null;
        }

        var payload = bytes.Slice(HeaderLength, (int)BinaryPrimitives.ReadUInt64BigEndian(span[12..]));
        bytes = bytes[(HeaderLength + payload.Length)..];
        return IsHashOf(payload.Span, span[20..HeaderLength]) ? payload : null;
    }

    /// <returns>The payload.</returns>
    /// <exception cref="InvalidDataException">What is wrong with the file.</exception>
    public static ReadOnlyMemory<byte> Payload(ReadOnlyMemory<byte> file)
    {
        var bytes = file.Span;
        if (bytes.Length < HeaderLength)
        {
            throw new InvalidDataException($"truncated: {bytes.Length} bytes are less than the {HeaderLength} of the header");
        }

        if (!bytes[..8].SequenceEqual(Magic))
        {
            throw new InvalidDataException("it does not begin with MOORSNAP, so it is no snapshot file");
        }

        var version = BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]);
        if (version != FormatVersion)
        {
            throw new InvalidDataException($"format version {version} is not {FormatVersion}, the one this agent reads");
        }

        var length = BinaryPrimitives.ReadUInt64BigEndian(bytes[12..]);
        var payload = file[HeaderLength..];
        if (length != (ulong)payload.Length)
        {
            throw new InvalidDataException($"truncated or overlong: the header announces {length} bytes, {payload.Length} follow");
        }

        return IsHashOf(payload.Span, bytes[20..HeaderLength])
            ? payload
            : throw new InvalidDataException("corrupt: the SHA-256 of its contents is not the one in the header");
    }

    private static bool IsHashOf(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> expected)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(payload, hash);
        return hash.SequenceEqual(expected);
    }
}
