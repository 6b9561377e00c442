using System.Collections.Immutable;
using System.Net;
using Mooring.Controller.Validation;

namespace Mooring.Controller.Allocation;

/// <param name="VirtualIps">Those of before; where addresses come from a pool, with them or with a finding.</param>
/// <param name="Changes">What is to be done to the claims.</param>
/// <param name="Pools">What the pools came to.</param>
internal sealed record AllocationOutcome(
    ImmutableArray<VirtualIpSettings> VirtualIps,
    ImmutableArray<ClaimChange> Changes,
    ImmutableArray<AddressPoolEvaluation> Pools)
{
    /// <summary>Addresses to look for on the network before they are taken.</summary>
    public ImmutableArray<IPAddress> Probes { get; init; } = [];

    /// <summary>Addresses that were looked for and have been taken since: what was found does not hold for the next one.</summary>
    public ImmutableArray<IPAddress> Taken { get; init; } = [];
}
