using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Mooring.Core.Packets;

/// <summary>An IPv4 address as a value, so that the packet path allocates nothing.</summary>
/// <param name="Value">The address in host byte order: 10.0.0.1 is 0x0A000001.</param>
public readonly record struct IPv4Address(uint Value)
{
    /// <summary>Bytes on the wire.</summary>
    public const int Length = 4;

    /// <summary>0.0.0.0, the sender of an ARP probe (RFC 5227 section 1.1).</summary>
    public static readonly IPv4Address Any = new(0);

    /// <summary>
    /// An address that a host may have and that may be answered: not 0.0.0.0/8, not loopback, not multicast, not
    /// reserved, not broadcast (RFC 1122 section 3.2.1.3).
    /// </summary>
    public bool IsHost => Value >> 24 is > 0 and < 224 and not 127;

    /// <exception cref="ArgumentException">Not an IPv4 address.</exception>
    public static IPv4Address From(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[Length];
        return address.AddressFamily == AddressFamily.InterNetwork && address.TryWriteBytes(bytes, out _)
            ? Read(bytes)
            : throw new ArgumentException($"{address} is not an IPv4 address", nameof(address));
    }

    /// <summary>Reads the first four bytes of <paramref name="source"/>.</summary>
    public static IPv4Address Read(ReadOnlySpan<byte> source) => new(BinaryPrimitives.ReadUInt32BigEndian(source));

    public void Write(Span<byte> destination) => BinaryPrimitives.WriteUInt32BigEndian(destination, Value);

    public IPAddress ToIPAddress()
    {
        Span<byte> bytes = stackalloc byte[Length];
        Write(bytes);
        return new IPAddress(bytes);
    }

    public override string ToString() => ToIPAddress().ToString();
}
