using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace Mooring.Core.Snapshots;

/// <summary>
/// The one slot of each endpoint in a table that is otherwise empty, for one address family, as the controller published it.
/// Forwarding in Nat mode goes by it where all weights are the same.
/// </summary>
public sealed record SparseAssignment
{
    public required AddressFamily Family { get; init; }

    /// <summary>Slots of the table, a power of two.</summary>
    public required int Size { get; init; }

    /// <summary>Endpoints whose weight is not 0, fit or not, by address, then port.</summary>
    public required ImmutableArray<IPEndPoint> EndPoints { get; init; }

    /// <summary>By endpoint, its slot; no two have the same.</summary>
    public required ImmutableArray<ushort> Places { get; init; }
}
