using Mooring.Core.Snapshots;

namespace Mooring.Controller.Resolution;

/// <summary>
/// While no endpoint of an address family is ready, those that still serve take its connections: ones that terminate and pass
/// their readiness probe, as in kube-proxy, and ones on nodes that Kubernetes does not hear.
/// </summary>
internal static class LastResort
{
    public static IEnumerable<ResolvedEndpoint> Apply(IReadOnlyCollection<ResolvedEndpoint> endpoints)
    {
        var served = endpoints
            .Where(endpoint => endpoint.Backend is { Condition: BackendCondition.Ready, Weight: > 0 })
            .Select(endpoint => endpoint.Backend.Address.AddressFamily)
            .ToHashSet();
        return endpoints.Select(endpoint =>
            endpoint.Readiness.Serves && !served.Contains(endpoint.Backend.Address.AddressFamily) ? Use(endpoint) : endpoint);
    }

    private static ResolvedEndpoint Use(ResolvedEndpoint endpoint) => new(
        endpoint.Backend with { Condition = BackendCondition.Ready },
        endpoint.Readiness with { Remark = $"{endpoint.Readiness.Remark}; it takes connections as no endpoint is ready" });
}
