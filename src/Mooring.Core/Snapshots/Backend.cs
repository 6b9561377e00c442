using System.Net;

namespace Mooring.Core.Snapshots;

/// <summary>One endpoint of a backend set.</summary>
public sealed record Backend
{
    public const int MaxWeight = 65_535;

    public required IPAddress Address { get; init; }

    public required ushort Port { get; init; }

    /// <summary>Node of the pod, or null for an endpoint outside the cluster.</summary>
    public string? NodeName { get; init; }

    /// <summary>What the endpoint is called in status and logs: <c>pod/web-1</c>, or its address.</summary>
    public string DisplayName { get; init; } = "";

    /// <summary>Share of new flows relative to the other backends, 0 to 65535. 0 takes no new flows.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>Takes new flows only when too few others can.</summary>
    public bool Backup { get; init; }

    public required BackendCondition Condition { get; init; }

    public IPEndPoint EndPoint => new(Address, Port);
}
