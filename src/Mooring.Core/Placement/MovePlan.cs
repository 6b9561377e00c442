using System.Collections.Immutable;
using System.Net;

namespace Mooring.Core.Placement;

/// <param name="Addresses">What is published of each address.</param>
/// <param name="Moves">Moves wanted or under way, for the next plan.</param>
/// <param name="NextCheck">When a plan may come out differently by itself; null for never.</param>
public sealed record MovePlan(
    IReadOnlyDictionary<IPAddress, PlannedAddress> Addresses,
    ImmutableDictionary<IPAddress, AddressMove> Moves,
    TimeSpan? NextCheck);
