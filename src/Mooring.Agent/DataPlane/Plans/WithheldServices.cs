using Mooring.Core.DataPlane;

namespace Mooring.Agent.DataPlane.Plans;

/// <summary>Services that cannot be brought to the plan as something they need cannot be had, while all others are.</summary>
internal static class WithheldServices
{
    /// <param name="target">The plan with all services.</param>
    /// <param name="kernel">What the kernel has.</param>
    /// <param name="withheld">They stay as they are in the kernel; those that are not there are left out.</param>
    /// <param name="closed">Of these, those that must not be served as they are.</param>
    /// <param name="paths">The paths to other nodes can be had; without, what tells other nodes stays as well.</param>
    public static TablePlan Apply(
        TablePlan target, TablePlan kernel, IEnumerable<ForwardedService> withheld, Func<ForwardedService, bool> closed, bool paths)
    {
        var services = target.Services.ToBuilder();
        foreach (var service in withheld)
        {
            var key = TablePlanner.Key(service);
            if (kernel.Services.TryGetValue(key, out var plan) && !closed(service))
            {
                services[key] = plan;
            }
            else
            {
                services.Remove(key);
            }
        }

        target = target with { LocalBackends = target.LocalBackends.Union(kernel.LocalBackends), Services = services.ToImmutable() };
        return paths ? target : target with
        {
            Peers = kernel.Peers,
            TunnelEnds = kernel.TunnelEnds,
            SecondHops = kernel.SecondHops,
            SecondHops6 = kernel.SecondHops6,
        };
    }
}
