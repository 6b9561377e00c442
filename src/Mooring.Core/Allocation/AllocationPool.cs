using System.Net;

namespace Mooring.Core.Allocation;

/// <summary>A pool that addresses are taken from.</summary>
/// <param name="Name">Unique among pools.</param>
/// <param name="Addresses">What it has; no two pools have an address in common.</param>
/// <param name="AvoidBuggy">IPv4 addresses ending in .0 and .255 are given only to those that ask for them.</param>
public sealed record AllocationPool(string Name, AddressSet Addresses, bool AvoidBuggy = false)
{
    /// <summary>Number of addresses that are given without being asked for.</summary>
    public UInt128 Usable { get; } = Addresses.Count(AvoidBuggy);

    /// <summary>The pool has the address and would give it without being asked for it.</summary>
    public bool Offers(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return Addresses.Contains(address)
            && !(AvoidBuggy && BuggyAddresses.Contains(address.AddressFamily, AddressNumber.Of(address)));
    }
}
