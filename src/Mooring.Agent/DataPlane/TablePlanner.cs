using System.Collections.Immutable;
using Mooring.Core.Balancing;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;

namespace Mooring.Agent.DataPlane;

/// <summary>Turns the desired forwarding into the contents of our table.</summary>
internal static class TablePlanner
{
    public static TablePlan Plan(DataPlaneState state, IEnumerable<string> held)
    {
        var services = ImmutableSortedDictionary.CreateBuilder<string, ServicePlan>(StringComparer.Ordinal);
        foreach (var service in state.Services)
        {
            services[Key(service)] = Plan(service);
        }

        return new TablePlan
        {
            VirtualAddresses = TablePlan.Set(state.Services.Select(service => NftablesText.Of(service.Address))),
            Held = TablePlan.Set(held),
            LocalBackends = TablePlan.Set(
                from service in state.Services
                from backend in service.Backends.Concat(service.Draining)
                where backend.Local
                select NftablesText.Of(backend.Address)),
            SlotChains = TablePlan.Set(services.Values.Select(service => service.Chain).OfType<string>()),
            Services = services.ToImmutable(),
        };
    }

    public static string Key(ForwardedService service) =>
        $"{NftablesText.Of(service.Address)} . {(service.Protocol == TransportProtocol.Udp ? "udp" : "tcp")} . {service.Port}";

    private static ServicePlan Plan(ForwardedService service)
    {
        if (service.Backends.IsEmpty)
        {
            return ServicePlan.None;
        }

        var affinity = service.ClientAffinityTimeout is not null;
        var rotates = !affinity
            && service.Algorithm is BalancingAlgorithm.RoundRobin or BalancingAlgorithm.WeightedRoundRobin;
        var table = (rotates, service.Algorithm) switch
        {
            (true, BalancingAlgorithm.RoundRobin) => WeightedRotation.Even(service.Backends.Length),
            (true, _) => WeightedRotation.Weighted(service.Backends),
            _ => MaglevTable.Build(service.Backends, SlotTableSize.For(service.Backends.Length)),
        };
        string?[] names = [.. service.Backends.Select(backend => NftablesText.Of(backend.Address, backend.Port))];
        return new ServicePlan(
            SlotChain.Name(service.Address.AddressFamily, service.Algorithm, affinity, table.Size),
            [.. table.Backends.Select(backend => names[backend])]);
    }
}
