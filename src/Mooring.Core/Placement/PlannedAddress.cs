using System.Collections.Immutable;
using Mooring.Core.Snapshots;

namespace Mooring.Core.Placement;

/// <param name="Candidates">What the agents are told: the holder, then the standbys in order.</param>
/// <param name="Move">What the holder is asked for; null for no move now.</param>
public sealed record PlannedAddress(ImmutableArray<string> Candidates, MoveIntent? Move);
