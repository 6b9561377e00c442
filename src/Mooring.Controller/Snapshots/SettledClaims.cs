using System.Collections.Immutable;
using System.Net;
using Mooring.Api.V1Alpha1;
using Mooring.Controller.Validation;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Snapshots;

/// <summary>Who has which address.</summary>
/// <param name="Conflicts">What those find that got none.</param>
/// <param name="Owners">Accepted addresses.</param>
internal sealed record SettledClaims(
    IReadOnlyDictionary<NamespacedName, ImmutableArray<Finding>> Conflicts, ImmutableDictionary<IPAddress, NamespacedName> Owners)
{
    /// <summary>Those who wanted addresses.</summary>
    public VirtualIpSettings[] Contenders { get; init; } = [];

    /// <summary>Claims that counted.</summary>
    public IReadOnlyCollection<V1Alpha1AddressClaim> Stored { get; init; } = [];
}
