namespace Mooring.Core.Snapshots;

/// <summary>A served port of a VirtualIp and the backend set its packets go to.</summary>
public sealed record PortIntent
{
    public required string Name { get; init; }

    public required ushort Port { get; init; }

    public required TransportProtocol Protocol { get; init; }

    /// <summary><see cref="BackendSet.Id"/> of a set in the same snapshot.</summary>
    public required string BackendSetId { get; init; }
}
