using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Mooring.Core.Packets;

/// <summary>An IPv6 address as a value, so that the packet path allocates nothing.</summary>
/// <param name="High">The first eight bytes on the wire: fd70::1 has 0xFD70_0000_0000_0000.</param>
/// <param name="Low">The last eight bytes, the interface identifier.</param>
public readonly record struct IPv6Address(ulong High, ulong Low)
{
    /// <summary>Bytes on the wire.</summary>
    public const int Length = 16;

    /// <summary>The unspecified address, the source of a duplicate address probe (RFC 4862 section 5.4.2).</summary>
    public static readonly IPv6Address Any;

    /// <summary>ff02::1, every node of the link (RFC 4291 section 2.7.1).</summary>
    public static readonly IPv6Address AllNodes = new(0xFF02_0000_0000_0000, 1);

    private static readonly IPv6Address Loopback = new(0, 1);

    public bool IsMulticast => High >> 56 == 0xFF;

    /// <summary>An address that a host on a link may have and that may be answered: not ::, not ::1, not multicast.</summary>
    public bool IsHost => !IsMulticast && this != Any && this != Loopback;

    /// <summary>The group in which this address is solicited: ff02::1:ff and its last three bytes (RFC 4291 section 2.7.1).</summary>
    public IPv6Address SolicitedNode => new(AllNodes.High, 0x0000_0001_FF00_0000 | (Low & 0x00FF_FFFF));

    /// <summary>The Ethernet group of a multicast address: 33:33 and its last four bytes (RFC 2464 section 7).</summary>
    public MacAddress MulticastMac => new(0x3333_0000_0000 | (Low & 0xFFFF_FFFF));

    /// <exception cref="ArgumentException">Not an IPv6 address.</exception>
    public static IPv6Address From(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[Length];
        return address.AddressFamily == AddressFamily.InterNetworkV6 && address.TryWriteBytes(bytes, out _)
            ? Read(bytes)
            : throw new ArgumentException($"{address} is not an IPv6 address", nameof(address));
    }

    /// <summary>Reads the first sixteen bytes of <paramref name="source"/>.</summary>
    public static IPv6Address Read(ReadOnlySpan<byte> source)
        => new(BinaryPrimitives.ReadUInt64BigEndian(source), BinaryPrimitives.ReadUInt64BigEndian(source[8..]));

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, High);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], Low);
    }

    public IPAddress ToIPAddress()
    {
        Span<byte> bytes = stackalloc byte[Length];
        Write(bytes);
        return new IPAddress(bytes);
    }

    public override string ToString() => ToIPAddress().ToString();
}
