using System.Net;

namespace Mooring.Core.Health;

/// <summary>Names an endpoint of a backend set in eight bytes, the same on every node: FNV-1a, 64 bits.</summary>
public static class EndpointNumber
{
    private const ulong Prime = 1099511628211;

    public static ulong Of(string backendSetId, IPEndPoint backend)
    {
        var hash = 14695981039346656037UL;
        foreach (var character in backendSetId)
        {
            hash = unchecked((hash ^ character) * Prime);
        }

        Span<byte> bytes = stackalloc byte[18];
        backend.Address.TryWriteBytes(bytes[2..], out var length);
        bytes[0] = (byte)backend.Port;
        bytes[1] = (byte)(backend.Port >> 8);
        foreach (var part in bytes[..(2 + length)])
        {
            hash = unchecked((hash ^ part) * Prime);
        }

        return hash;
    }
}
