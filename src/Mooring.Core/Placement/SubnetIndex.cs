using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Mooring.Core.Placement;

/// <summary>The subnets of all nodes, to be found by address.</summary>
internal sealed class SubnetIndex
{
    private readonly Dictionary<IPNetwork, int> _numbers = [];
    private readonly ILookup<AddressFamily, int> _lengths;

    public SubnetIndex(IEnumerable<IPNetwork> subnets)
    {
        foreach (var subnet in subnets)
        {
            _numbers.TryAdd(subnet, _numbers.Count);
        }

        _lengths = _numbers.Keys
            .Select(subnet => (subnet.BaseAddress.AddressFamily, subnet.PrefixLength))
            .Distinct()
            .OrderBy(length => length.PrefixLength)
            .ToLookup(length => length.AddressFamily, length => length.PrefixLength);
    }

    /// <summary>Numbers of the subnets that contain the address.</summary>
    /// <param name="address">The address.</param>
    /// <param name="special">It may be one of a subnet that no host has, such as its broadcast address.</param>
    public string Containing(IPAddress address, out bool special)
    {
        special = false;
        var found = "";
        Span<byte> bytes = stackalloc byte[16];
        foreach (var length in _lengths[address.AddressFamily])
        {
            address.TryWriteBytes(bytes, out var count);
            var (ones, zeros) = ClearHost(bytes[..count], length);
            if (_numbers.TryGetValue(new IPNetwork(new IPAddress(bytes[..count]), length), out var number))
            {
                found = string.Create(CultureInfo.InvariantCulture, $"{found}{number},");
                special |= ones || zeros;
            }
        }

        return found;
    }

    /// <returns>Whether all bits of the host were one, and whether all were zero.</returns>
    private static (bool Ones, bool Zeros) ClearHost(Span<byte> bytes, int length)
    {
        var (ones, zeros) = (true, true);
        for (var i = 0; i < bytes.Length; i++)
        {
            var mask = (byte)(0xff >> Math.Clamp(length - (i * 8), 0, 8));
            var host = bytes[i] & mask;
            ones &= host == mask;
            zeros &= host == 0;
            bytes[i] = (byte)(bytes[i] & ~mask);
        }

        return (ones, zeros);
    }
}
