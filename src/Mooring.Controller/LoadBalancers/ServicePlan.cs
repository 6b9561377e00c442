using System.Collections.Immutable;
using k8s.Models;
using Mooring.Api.V1Alpha1;
using Mooring.Controller.Validation;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.LoadBalancers;

/// <summary>What is to be done about one Service, in this order; all of it may be nothing.</summary>
internal sealed record ServicePlan(V1Service Service, NamespacedName Key)
{
    public bool AddFinalizer { get; init; }

    public V1Alpha1BackendPool? ApplyPool { get; init; }

    public V1Alpha1VirtualIp? ApplyVirtualIp { get; init; }

    public V1Alpha1VirtualIp? DeleteVirtualIp { get; init; }

    public V1Alpha1BackendPool? DeletePool { get; init; }

    /// <summary>Ingress addresses to write; null leaves the status alone.</summary>
    public ImmutableArray<string>? Ingress { get; init; }

    public bool RemoveFinalizer { get; init; }

    /// <summary>What keeps it from being served as it asks.</summary>
    public ImmutableArray<Finding> Findings { get; init; } = [];

    public bool IsEmpty => !AddFinalizer && ApplyPool is null && ApplyVirtualIp is null && DeleteVirtualIp is null
        && DeletePool is null && Ingress is null && !RemoveFinalizer;
}
