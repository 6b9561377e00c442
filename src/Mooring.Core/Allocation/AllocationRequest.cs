using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace Mooring.Core.Allocation;

/// <summary>What is still missing to a user of a pool.</summary>
public sealed record AllocationRequest
{
    public required AddressUser User { get; init; }

    public required string Pool { get; init; }

    /// <summary>One address of each of these, unless <see cref="Wanted"/> names them; empty for one of any family.</summary>
    public ImmutableArray<AddressFamily> Families { get; init; } = [];

    /// <summary>These and no others.</summary>
    public ImmutableArray<IPAddress> Wanted { get; init; } = [];
}
