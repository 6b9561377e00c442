using System.Collections.Immutable;
using Mooring.Controller.Validation;

namespace Mooring.Controller.Allocation;

/// <param name="VirtualIps">Those of before; where addresses come from a pool, with them or with a finding.</param>
/// <param name="Changes">What is to be done to the claims.</param>
/// <param name="Pools">What the pools came to.</param>
internal sealed record AllocationOutcome(
    ImmutableArray<VirtualIpSettings> VirtualIps,
    ImmutableArray<ClaimChange> Changes,
    ImmutableArray<AddressPoolEvaluation> Pools);
