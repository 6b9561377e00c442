using System.Collections.Immutable;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Allocation;

/// <summary>One that has or wants addresses.</summary>
public sealed record AddressUser
{
    public required NamespacedName Key { get; init; }

    /// <summary>Users of the same key may have one address together while their ports differ; null shares nothing.</summary>
    public string? SharingKey { get; init; }

    public ImmutableArray<(TransportProtocol Protocol, ushort Port)> Ports { get; init; } = [];

    /// <summary>Why the two may not have one address together, or null when they may.</summary>
    public string? SharingProblem(AddressUser other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (SharingKey is null || SharingKey != other.SharingKey)
        {
            return $"it belongs to {other.Key}";
        }

        foreach (var port in Ports)
        {
            if (other.Ports.Contains(port))
            {
                return $"{other.Key} has port {port.Port}/{port.Protocol.ToString().ToUpperInvariant()} of it already";
            }
        }

        return null;
    }
}
