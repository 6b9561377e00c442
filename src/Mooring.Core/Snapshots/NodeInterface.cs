using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;

namespace Mooring.Core.Snapshots;

/// <summary>A network interface of a node that could announce addresses.</summary>
public sealed record NodeInterface
{
    public required string Name { get; init; }

    public required int Index { get; init; }

    public required PhysicalAddress MacAddress { get; init; }

    /// <summary>Administratively up and with carrier.</summary>
    public required bool Up { get; init; }

    /// <summary>Largest IP packet in bytes.</summary>
    public int Mtu { get; init; } = 1500;

    /// <summary>
    /// The node forwards IPv6 there, so its neighbour advertisements call it a router (RFC 4861 section 4.4). Known of the
    /// node itself only.
    /// </summary>
    public bool ForwardsIPv6 { get; init; }

    public ImmutableArray<InterfaceAddress> Addresses { get; init; } = [];

    /// <summary>The interface's own address in the subnet that contains <paramref name="address"/>, or null.</summary>
    public InterfaceAddress? OnLink(IPAddress address)
    {
        foreach (var own in Addresses)
        {
            if (own.Subnet.Contains(address))
            {
                return own;
            }
        }

        return null;
    }

    /// <summary>By value, the addresses too, so that an unchanged interface is seen to be unchanged.</summary>
    public bool Equals(NodeInterface? other)
        => other is not null
            && Name == other.Name && Index == other.Index && MacAddress.Equals(other.MacAddress) && Up == other.Up
            && Mtu == other.Mtu && ForwardsIPv6 == other.ForwardsIPv6 && Addresses.SequenceEqual(other.Addresses);

    public override int GetHashCode() => HashCode.Combine(Name, Index, MacAddress, Up, Mtu, Addresses.Length);
}
