using System.Collections.Immutable;

namespace Mooring.Agent.DataPlane;

/// <param name="Drift">What differed from the plan; empty when the kernel was as planned.</param>
internal sealed record VerifyResult(ImmutableArray<string> Drift)
{
    /// <summary>What the repair came to; null when there was nothing to repair.</summary>
    public ApplyResult? Repair { get; init; }
}
