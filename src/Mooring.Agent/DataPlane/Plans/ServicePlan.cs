using System.Collections.Immutable;

namespace Mooring.Agent.DataPlane.Plans;

/// <summary>What the table says of one address, protocol and port.</summary>
/// <param name="Chain">Shared chain that picks a slot; null refuses new flows.</param>
/// <param name="Slots">
/// "address . port" by slot; null where the kernel has no element. Instances are shared between slots of one backend.
/// </param>
internal sealed record ServicePlan(string? Chain, ImmutableArray<string?> Slots)
{
    public static readonly ServicePlan None = new(null, []);

    /// <summary>New flows are dropped in silence until an endpoint takes them.</summary>
    public bool Holding { get; init; }

    /// <summary>Where the flows of each slot go before this node looks for an endpoint; null in Nat mode.</summary>
    public DirectPlan? Direct { get; init; }

    public bool Equals(ServicePlan? other) =>
        other is not null && Chain == other.Chain && Holding == other.Holding && Slots.AsSpan().SequenceEqual(other.Slots.AsSpan())
        && Equals(Direct, other.Direct);

    public override int GetHashCode() => HashCode.Combine(Chain, Slots.Length);
}
