using System.Collections.Immutable;
using System.Net;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Agents;

/// <summary>What an agent worked by when it connected and a new controller goes on from, by id of the backend set.</summary>
internal sealed record PublishedTables
{
    public static readonly PublishedTables None = new();

    public ImmutableDictionary<string, SetSlots> Slots { get; init; } =
        ImmutableDictionary.Create<string, SetSlots>(StringComparer.Ordinal);

    /// <summary>Of sets whose weights follow the load.</summary>
    public ImmutableDictionary<string, ImmutableDictionary<IPEndPoint, int>> Weights { get; init; } =
        ImmutableDictionary.Create<string, ImmutableDictionary<IPEndPoint, int>>(StringComparer.Ordinal);
}
