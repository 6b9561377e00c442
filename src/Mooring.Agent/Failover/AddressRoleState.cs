using System.Net;
using Mooring.Core.Failover;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.Failover;

/// <summary>What this node is to one address, for the controller and for people.</summary>
internal sealed record AddressRoleState
{
    public required IPAddress Address { get; init; }

    public required NamespacedName VirtualIp { get; init; }

    public required AddressRole Role { get; init; }

    /// <summary>Highest term this node knows to have been claimed.</summary>
    public required ulong Term { get; init; }

    /// <summary>Node that answers as far as this one knows, itself included; null when it knows of none.</summary>
    public string? Holder { get; init; }

    public required DateTimeOffset Since { get; init; }

    /// <summary>It answers although it hears neither a standby nor the controller.</summary>
    public bool Isolated { get; init; }
}
