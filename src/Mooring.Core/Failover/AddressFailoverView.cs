using System.Net;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Failover;

/// <summary>What the machine thinks of one address at one moment.</summary>
public sealed record AddressFailoverView
{
    public required IPAddress Address { get; init; }

    public required NamespacedName VirtualIp { get; init; }

    public required AddressRole Role { get; init; }

    /// <summary>Highest term this node knows to have been claimed.</summary>
    public required ulong Term { get; init; }

    /// <summary>Node that answers as far as this one knows, itself included; null when it knows of none.</summary>
    public string? Holder { get; init; }

    /// <summary>When the role was taken, on the machine's clock.</summary>
    public required TimeSpan Since { get; init; }

    /// <summary>It answers although it hears neither another candidate nor the controller.</summary>
    public bool Isolated { get; init; }
}
