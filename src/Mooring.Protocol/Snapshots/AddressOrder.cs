using System.Net;

namespace Mooring.Protocol.Snapshots;

/// <summary>IPv4 before IPv6, then by the bytes.</summary>
internal static class AddressOrder
{
    public static int Compare(IPAddress left, IPAddress right)
    {
        var family = left.AddressFamily.CompareTo(right.AddressFamily);
        return family != 0
            ? family
            : left.GetAddressBytes().AsSpan().SequenceCompareTo(right.GetAddressBytes());
    }
}
