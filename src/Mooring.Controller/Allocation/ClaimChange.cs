using System.Collections.Immutable;
using System.Net;
using Mooring.Api.V1Alpha1;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Allocation;

/// <summary>What is to be done to an address's claim.</summary>
internal abstract record ClaimChange(IPAddress Address)
{
    /// <param name="Address">The address.</param>
    /// <param name="Pool">Pool that it is of.</param>
    /// <param name="VirtualIp">Who gets it.</param>
    /// <param name="Shared">The claim of those that have it already; null for a new claim.</param>
    internal sealed record Take(IPAddress Address, string Pool, V1Alpha1VirtualIp VirtualIp, V1Alpha1AddressClaim? Shared)
        : ClaimChange(Address);

    /// <param name="Address">The address.</param>
    /// <param name="Claim">The claim as it was seen.</param>
    /// <param name="Leaving">Owners that have no use for it, with the generation that says so; null of one that is gone.</param>
    internal sealed record Release(
        IPAddress Address, V1Alpha1AddressClaim Claim, ImmutableDictionary<NamespacedName, long?> Leaving)
        : ClaimChange(Address);
}
