using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;

namespace Mooring.Core.DataPlane;

/// <summary>Another node, as a next hop for flows that it serves.</summary>
public sealed record DirectPeer
{
    public required string Node { get; init; }

    /// <summary>A packet for a VIP that comes from one of these was handed on by the node.</summary>
    public required ImmutableArray<PhysicalAddress> MacAddresses { get; init; }

    /// <summary>Every address of the node; only they may send into our tunnel.</summary>
    public required ImmutableArray<IPAddress> Addresses { get; init; }

    /// <summary>Next hop on a segment that both nodes are on; null: through the tunnel.</summary>
    public PeerHop? HopV4 { get; init; }

    /// <inheritdoc cref="HopV4"/>
    public PeerHop? HopV6 { get; init; }

    /// <summary>The far end of the tunnel.</summary>
    public required IPAddress TunnelAddress { get; init; }
}
