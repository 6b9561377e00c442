using System.Collections.Immutable;
using System.Net.NetworkInformation;

namespace Mooring.Linux.Netlink;

/// <summary>A network interface as the kernel describes it.</summary>
public sealed record LinkState
{
    public required int Index { get; init; }

    public required string Name { get; init; }

    /// <summary>Empty for interfaces without one, such as a tunnel.</summary>
    public PhysicalAddress Mac { get; init; } = PhysicalAddress.None;

    /// <summary>Administratively up, with carrier, and ready for traffic (operational state up or unknown).</summary>
    public bool Up { get; init; }

    /// <summary>Ethernet, not the loopback device, and ARP not switched off.</summary>
    public bool SpeaksArp { get; init; }

    /// <summary>Largest IP packet in bytes.</summary>
    public int Mtu { get; init; }

    /// <summary>Index of the bridge, bond or VRF that it is a port of; 0: none.</summary>
    public int MasterIndex { get; init; }

    /// <summary>Index of the interface below, of a VLAN or macvlan; 0: none.</summary>
    public int ParentIndex { get; init; }

    /// <summary>The driver's kind (<c>vlan</c>, <c>bridge</c>, <c>bond</c>, <c>veth</c>); empty for hardware.</summary>
    public string Kind { get; init; } = "";

    /// <summary>The sysctl <c>net.ipv6.conf.NAME.forwarding</c>.</summary>
    public bool ForwardsIPv6 { get; init; }

    public ImmutableArray<LinkAddress> Addresses { get; init; } = [];

    public bool Equals(LinkState? other)
        => other is not null
            && Index == other.Index && Name == other.Name && Mac.Equals(other.Mac) && Up == other.Up
            && SpeaksArp == other.SpeaksArp && Mtu == other.Mtu && MasterIndex == other.MasterIndex
            && ParentIndex == other.ParentIndex && Kind == other.Kind && ForwardsIPv6 == other.ForwardsIPv6
            && Addresses.SequenceEqual(other.Addresses);

    public override int GetHashCode() => HashCode.Combine(Index, Name, Up, Addresses.Length);
}
