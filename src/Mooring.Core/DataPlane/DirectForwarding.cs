using System.Collections.Immutable;

namespace Mooring.Core.DataPlane;

/// <summary>
/// What a node does with the flows of a service in Direct mode, slot by slot. All three lists are as long as the service
/// has slots.
/// </summary>
public sealed record DirectForwarding
{
    /// <summary>The slot is picked by the client's address alone, not by its port.</summary>
    public required bool ByClient { get; init; }

    /// <summary>Node that serves the slot; null: this one.</summary>
    public required ImmutableArray<string?> Owners { get; init; }

    /// <summary>
    /// Nodes that may have flows of the slot from before, last one first, by depth and then slot; null: no more.
    /// </summary>
    public required ImmutableArray<ImmutableArray<string?>> Previous { get; init; }

    /// <summary>
    /// Endpoint for new flows of the slot on this node: the owner of the slot when it is here, else one that is here, as a
    /// node that was sent a flow by another one's newer table has to serve it. Null when there is none.
    /// </summary>
    public required ImmutableArray<ForwardedBackend?> Endpoints { get; init; }

    /// <summary>Some endpoint anywhere takes new flows.</summary>
    public required bool Open { get; init; }

    public int Size => Owners.Length;

    /// <summary>This node has an endpoint for every slot.</summary>
    public bool Serves => Endpoints.Length > 0 && Endpoints[0] is not null;

    public bool Equals(DirectForwarding? other) =>
        ReferenceEquals(this, other)
        || (other is not null && ByClient == other.ByClient && Open == other.Open
        && Owners.AsSpan().SequenceEqual(other.Owners.AsSpan())
        && Previous.Length == other.Previous.Length
        && Previous.Zip(other.Previous).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second.AsSpan()))
        && Endpoints.AsSpan().SequenceEqual(other.Endpoints.AsSpan()));

    public override int GetHashCode() => HashCode.Combine(ByClient, Open, Size);
}
