using System.Collections.Immutable;
using System.Net;

namespace Mooring.Agent.Failover;

/// <summary>The subnets of an interface, of both address families: a claim of an address in one of them belongs there.</summary>
/// <param name="Subnets">On the interface.</param>
/// <param name="Announces">Some virtual address is in one of them.</param>
internal sealed record HeartbeatHome(ImmutableArray<IPNetwork> Subnets, bool Announces)
{
    public bool Contains(IPAddress address)
    {
        foreach (var subnet in Subnets)
        {
            if (subnet.Contains(address))
            {
                return true;
            }
        }

        return false;
    }
}
