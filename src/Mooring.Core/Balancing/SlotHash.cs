using System.Buffers.Binary;
using System.Net;
using System.Numerics;

namespace Mooring.Core.Balancing;

/// <summary>
/// The slot of a flow as the kernel computes it: nftables' <c>jhash</c> (linux/jhash.h, net/netfilter/nft_hash.c) over the
/// client's address and port in network order, each field padded to four bytes, scaled to the number of slots.
/// docs/slots.md is the specification.
/// </summary>
public static class SlotHash
{
    /// <summary>"moor"; any constant does, the same on every node.</summary>
    public const uint Seed = 0x6d6f6f72;

    private const uint Initial = 0xdeadbeef;

    /// <summary>Slot by client address and port.</summary>
    public static int OfFlow(IPAddress client, ushort port, int slots, uint seed = Seed)
    {
        Span<byte> key = stackalloc byte[20];
        client.TryWriteBytes(key, out var length);
        BinaryPrimitives.WriteUInt16BigEndian(key[length..], port);
        key.Slice(length + 2, 2).Clear();
        return Scale(Hash(key[..(length + 4)], seed), slots);
    }

    /// <summary>Slot by client address only.</summary>
    public static int OfClient(IPAddress client, int slots, uint seed = Seed)
    {
        Span<byte> key = stackalloc byte[16];
        client.TryWriteBytes(key, out var length);
        return Scale(Hash(key[..length], seed), slots);
    }

    /// <summary>reciprocal_scale: the high bits decide, so slot s of n is slots 2s and 2s + 1 of 2n.</summary>
    public static int Scale(uint hash, int slots) => (int)(((ulong)hash * (uint)slots) >> 32);

    /// <summary>Bob Jenkins' lookup3 over whole 32-bit words, little-endian.</summary>
    public static uint Hash(ReadOnlySpan<byte> key, uint seed)
    {
        if (key.Length % 4 != 0)
        {
            throw new ArgumentException("nft hashes whole registers of four bytes", nameof(key));
        }

        uint a, b, c;
        a = b = c = unchecked(Initial + (uint)key.Length + seed);
        unchecked
        {
            while (key.Length > 12)
            {
                a += Word(key, 0);
                b += Word(key, 1);
                c += Word(key, 2);
                Mix(ref a, ref b, ref c);
                key = key[12..];
            }

            switch (key.Length)
            {
                case 12:
                    c += Word(key, 2);
                    goto case 8;
                case 8:
                    b += Word(key, 1);
                    goto case 4;
                case 4:
                    a += Word(key, 0);
                    Finish(ref a, ref b, ref c);
                    break;
            }
        }

        return c;
    }

    private static uint Word(ReadOnlySpan<byte> key, int index) => BinaryPrimitives.ReadUInt32LittleEndian(key[(index * 4)..]);

    private static void Mix(ref uint a, ref uint b, ref uint c)
    {
        unchecked
        {
            a -= c; a ^= BitOperations.RotateLeft(c, 4); c += b;
            b -= a; b ^= BitOperations.RotateLeft(a, 6); a += c;
            c -= b; c ^= BitOperations.RotateLeft(b, 8); b += a;
            a -= c; a ^= BitOperations.RotateLeft(c, 16); c += b;
            b -= a; b ^= BitOperations.RotateLeft(a, 19); a += c;
            c -= b; c ^= BitOperations.RotateLeft(b, 4); b += a;
        }
    }

    private static void Finish(ref uint a, ref uint b, ref uint c)
    {
        unchecked
        {
            c ^= b; c -= BitOperations.RotateLeft(b, 14);
            a ^= c; a -= BitOperations.RotateLeft(c, 11);
            b ^= a; b -= BitOperations.RotateLeft(a, 25);
            c ^= b; c -= BitOperations.RotateLeft(b, 16);
            a ^= c; a -= BitOperations.RotateLeft(c, 4);
            b ^= a; b -= BitOperations.RotateLeft(a, 14);
            c ^= b; c -= BitOperations.RotateLeft(b, 24);
        }
    }
}
