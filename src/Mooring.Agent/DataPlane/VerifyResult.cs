using System.Collections.Immutable;

namespace Mooring.Agent.DataPlane;

/// <param name="Drift">What differed from the plan and was repaired; empty when the kernel was as planned.</param>
internal sealed record VerifyResult(ImmutableArray<string> Drift);
