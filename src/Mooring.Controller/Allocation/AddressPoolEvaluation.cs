using System.Collections.Immutable;
using System.Net;

namespace Mooring.Controller.Allocation;

/// <summary>What one AddressPool came to: the base of its status.</summary>
internal sealed record AddressPoolEvaluation(AddressPoolSettings Settings)
{
    /// <summary>Addresses that were taken from it.</summary>
    public int Assigned { get; init; }

    /// <summary>Addresses that can be given.</summary>
    public UInt128 Available { get; init; }

    /// <summary>Addresses that were taken from it and are not in its ranges any more.</summary>
    public ImmutableArray<IPAddress> Outside { get; init; } = [];

    /// <summary>Addresses of it that another machine was found to use.</summary>
    public ImmutableArray<IPAddress> Occupied { get; init; } = [];
}
