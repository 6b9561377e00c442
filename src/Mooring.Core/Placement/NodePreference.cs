using System.Collections.Immutable;

namespace Mooring.Core.Placement;

/// <summary>
/// A wish for nodes with certain labels. The weights of all preferences a node matches are added; nodes with a larger
/// sum rank before the others.
/// </summary>
/// <param name="Weight">1 to 100.</param>
/// <param name="Labels">Labels a node must carry, all of them.</param>
public sealed record NodePreference(int Weight, ImmutableDictionary<string, string> Labels);
