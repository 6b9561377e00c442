using System.Net;

namespace Mooring.Controller.Resolution;

/// <summary>IPv4 before IPv6, then by the bytes.</summary>
internal sealed class AddressOrder : IComparer<IPAddress>
{
    public static readonly AddressOrder Instance = new();

    public int Compare(IPAddress? x, IPAddress? y)
    {
        Span<byte> left = stackalloc byte[16];
        Span<byte> right = stackalloc byte[16];
        var leftLength = x is not null && x.TryWriteBytes(left, out var length) ? length : 0;
        var rightLength = y is not null && y.TryWriteBytes(right, out length) ? length : 0;
        return leftLength != rightLength
            ? leftLength.CompareTo(rightLength)
            : left[..leftLength].SequenceCompareTo(right[..rightLength]);
    }
}
