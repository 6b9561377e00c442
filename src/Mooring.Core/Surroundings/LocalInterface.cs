using System.Collections.Immutable;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Surroundings;

/// <summary>An interface of the node with what its kernel settings amount to: the larger of its own and that of "all".</summary>
public sealed record LocalInterface
{
    public required string Name { get; init; }

    public ImmutableArray<InterfaceAddress> Addresses { get; init; } = [];

    /// <summary>net.ipv4.conf.*.arp_ignore; 0 answers ARP for any address of the node.</summary>
    public int ArpIgnore { get; init; }

    /// <summary>net.ipv4.conf.*.arp_announce; below 2 an ARP request may name any address of the node as its sender.</summary>
    public int ArpAnnounce { get; init; }

    /// <summary>net.ipv4.conf.*.rp_filter; 1 drops what would not be answered through the same interface.</summary>
    public int ReversePathFilter { get; init; }

    /// <summary>An IPv4 default route leaves by it.</summary>
    public bool HasDefaultRoute { get; init; }
}
