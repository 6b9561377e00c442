using System.Buffers.Binary;
using System.Net.Sockets;
using System.Numerics;

namespace Mooring.Agent.Tests.DataPlane;

/// <summary>The first two packets of an SCTP association (RFC 9260, sections 3.3.2 and 3.3.3).</summary>
internal sealed record SctpPacket(ushort Source, ushort Destination, bool Acknowledges)
{
    public const int Protocol = 132;
    private const int Length = 32;
    private const int TagAt = 4;
    private const int ChecksumAt = 8;
    private const int ChunkAt = 12;
    private const uint Tag = 0x6d6f6f72;

    public byte[] ToBytes()
    {
        var bytes = new byte[Length];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, Source);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), Destination);

        // INIT has no tag yet; its answer has the one that INIT asks for.
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(TagAt), Acknowledges ? Tag : 0);
        bytes[ChunkAt] = (byte)(Acknowledges ? 2 : 1);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(ChunkAt + 2), Length - ChunkAt);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(ChunkAt + 4), Tag);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(ChunkAt + 8), 65_536); // receiver window
        bytes[ChunkAt + 13] = 1; // streams out
        bytes[ChunkAt + 15] = 1; // streams in
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(ChecksumAt), Checksum(bytes));
        return bytes;
    }

    /// <summary>Reads what a raw socket received: with the IP header in IPv4, without it in IPv6.</summary>
    public static SctpPacket Read(ReadOnlySpan<byte> received, AddressFamily family)
    {
        var bytes = received[(family == AddressFamily.InterNetwork ? (received[0] & 15) * 4 : 0)..];
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[ChecksumAt..]).ShouldBe(Checksum(bytes), "the checksum covers the ports");
        return new SctpPacket(
            BinaryPrimitives.ReadUInt16BigEndian(bytes), BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]), bytes[ChunkAt] == 2);
    }

    /// <summary>CRC-32C with the checksum's own bytes zero.</summary>
    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var checksum = uint.MaxValue;
        for (var i = 0; i < bytes.Length; i++)
        {
            checksum = BitOperations.Crc32C(checksum, i is >= ChecksumAt and < ChunkAt ? (byte)0 : bytes[i]);
        }

        return ~checksum;
    }
}
