using System.Net;

namespace Mooring.Core.DataPlane;

/// <summary>By address in network order, then port.</summary>
public sealed class BackendOrder : IComparer<ForwardedBackend>
{
    public static readonly BackendOrder Instance = new();

    public static int Compare(IPAddress x, IPAddress y)
    {
        Span<byte> left = stackalloc byte[16];
        Span<byte> right = stackalloc byte[16];
        x.TryWriteBytes(left, out var leftLength);
        y.TryWriteBytes(right, out var rightLength);
        return leftLength != rightLength
            ? leftLength.CompareTo(rightLength)
            : left[..leftLength].SequenceCompareTo(right[..rightLength]);
    }

    public int Compare(ForwardedBackend? x, ForwardedBackend? y)
    {
        var byAddress = Compare(x!.Address, y!.Address);
        return byAddress != 0 ? byAddress : x.Port.CompareTo(y.Port);
    }
}
