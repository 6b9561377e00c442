using System.Net;

namespace Mooring.Core.Placement;

/// <summary>IPv4 before IPv6, then by the bytes.</summary>
internal sealed class IPAddressOrder : IComparer<IPAddress>
{
    public static readonly IPAddressOrder Instance = new();

    public int Compare(IPAddress? x, IPAddress? y)
    {
        Span<byte> left = stackalloc byte[16];
        Span<byte> right = stackalloc byte[16];
        var leftLength = Write(x, left);
        var rightLength = Write(y, right);
        return leftLength != rightLength
            ? leftLength.CompareTo(rightLength)
            : left[..leftLength].SequenceCompareTo(right[..rightLength]);
    }

    private static int Write(IPAddress? address, Span<byte> bytes) =>
        address is not null && address.TryWriteBytes(bytes, out var length) ? length : 0;
}
