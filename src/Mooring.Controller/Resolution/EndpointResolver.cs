using System.Collections.Immutable;
using System.Net;
using k8s.Models;
using Mooring.Controller.Validation;
using Mooring.Core.Placement;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Resolution;

/// <summary>Turns a pool and a target port into concrete endpoints, of both address families.</summary>
internal sealed class EndpointResolver(EndpointSources sources)
{
    public ResolvedEndpoints Resolve(PoolSettings pool, TargetPort port)
    {
        var resolved = pool switch
        {
            { Selector: { } selector } => FromPods(pool.Key.Namespace, selector, port),
            { Service: { } service } => FromService(pool.Key.Namespace, service, port),
            { Endpoints: { } endpoints } => FromList(endpoints, port),
            _ => new ResolvedEndpoints([]),
        };
        return resolved with { Backends = Normalize(resolved.Backends) };
    }

    private ResolvedEndpoints FromPods(
        string @namespace, ImmutableSortedDictionary<string, string> selector, TargetPort port)
    {
        var backends = ImmutableArray.CreateBuilder<Backend>();
        var matching = 0;
        foreach (var pod in sources.Pods(@namespace, selector))
        {
            if (pod.Status?.Phase is "Succeeded" or "Failed")
            {
                continue;
            }

            matching++;
            if (ContainerPort(pod, port) is not { } number)
            {
                continue;
            }

            backends.AddRange(Addresses(pod).Select(address => new Backend
            {
                Address = address,
                Port = number,
                NodeName = pod.Spec?.NodeName,
                DisplayName = $"pod/{pod.Metadata.Name}",
                Condition = ConditionOf(pod),
            }));
        }

        var labels = string.Join(",", selector.Select(label => $"{label.Key}={label.Value}"));
        var finding = (matching, backends.Count) switch
        {
            (0, _) => new Finding(
                Reasons.NoMatchingEndpoints,
                "spec.selector",
                $"no pod in namespace {@namespace} has the labels {labels}; label the pods or change the selector"),
            (_, 0) when port.Name is not null => UnknownPort(port, $"no pod with the labels {labels} has a container port"),
            (_, 0) => new Finding(
                Reasons.NoReadyEndpoints, "spec.selector", $"no pod with the labels {labels} has an IP address yet"),
            _ => null,
        };
        return new ResolvedEndpoints(backends.ToImmutable(), finding);
    }

    private ResolvedEndpoints FromService(string @namespace, string name, TargetPort port)
    {
        if (sources.Service(@namespace, name) is not { } service)
        {
            return new ResolvedEndpoints(
                [],
                new Finding(
                    Reasons.UnknownService,
                    "spec.serviceRef.name",
                    $"no Service '{name}' in namespace {@namespace}; create it or name another"));
        }

        // A number is a port of the Service first, as it is for everyone else who uses the Service.
        var portName = port.Name
            ?? service.Spec?.Ports?.FirstOrDefault(candidate => candidate.Port == port.Number)?.Name;
        var isServicePort = port.Name is not null
            || service.Spec?.Ports?.Any(candidate => candidate.Port == port.Number) == true;
        var backends = ImmutableArray.CreateBuilder<Backend>();
        var endpoints = 0;
        foreach (var slice in sources.Slices(@namespace, name).Where(slice => slice.AddressType is "IPv4" or "IPv6"))
        {
            endpoints += slice.Endpoints?.Count ?? 0;
            var numbers = (slice.Ports ?? [])
                .Where(candidate => isServicePort
                    ? (candidate.Name ?? "") == (portName ?? "")
                    : candidate.Port == port.Number)
                .Select(candidate => candidate.Port)
                .OfType<int>()
                .Distinct();
            foreach (var number in numbers)
            {
                backends.AddRange((slice.Endpoints ?? []).SelectMany(endpoint => Backends(@namespace, endpoint, (ushort)number)));
            }
        }

        var finding = (endpoints, backends.Count) switch
        {
            (0, _) => new Finding(
                Reasons.NoMatchingEndpoints,
                "spec.serviceRef.name",
                $"Service '{name}' has no endpoints; its selector matches no pod with an IP address"),
            (_, 0) => UnknownPort(port, $"Service '{name}' has no port"),
            _ => null,
        };
        return new ResolvedEndpoints(backends.ToImmutable(), finding);
    }

    private static ResolvedEndpoints FromList(ImmutableArray<FixedEndpoint> endpoints, TargetPort port)
    {
        if (port.Name is not null && endpoints.Any(endpoint => endpoint.Port == 0))
        {
            return new ResolvedEndpoints(
                [],
                new Finding(
                    Reasons.UnknownTargetPort,
                    "spec.endpoints",
                    $"target port '{port.Name}' has no meaning for a fixed endpoint; give every endpoint a port, or "
                    + "set a number as targetPort in the VirtualIp"));
        }

        return new ResolvedEndpoints(
        [
            .. endpoints.Select(endpoint => new Backend
            {
                Address = endpoint.Address,
                Port = endpoint.Port == 0 ? port.Number : endpoint.Port,
                DisplayName = endpoint.Address.ToString(),
                Weight = endpoint.Weight,
                Backup = endpoint.Backup,
                Condition = BackendCondition.Ready,
            }),
        ]);
    }

    private IEnumerable<Backend> Backends(string @namespace, V1Endpoint endpoint, ushort port)
    {
        // Consumers take an absent "ready" as true; "serving" is readiness that a terminating endpoint keeps.
        var ready = endpoint.Conditions?.Ready ?? true;
        var condition = endpoint.Conditions?.Terminating == true || IsDrained(@namespace, endpoint)
            ? BackendCondition.Draining
            : ready ? BackendCondition.Ready : BackendCondition.NotReady;

        // The addresses of one endpoint are fungible (EndpointSlice API): the first stands for it.
        if (endpoint.Addresses.Count > 0 && IPAddress.TryParse(endpoint.Addresses[0], out var address))
        {
            yield return new Backend
            {
                Address = address,
                Port = port,
                NodeName = endpoint.NodeName,
                DisplayName = endpoint.TargetRef is { Kind: "Pod", Name: { } pod } ? $"pod/{pod}" : address.ToString(),
                Condition = condition,
            };
        }
    }

    /// <summary>One of each family at most, as Kubernetes has it.</summary>
    private static IEnumerable<IPAddress> Addresses(V1Pod pod) =>
        (pod.Status?.PodIPs ?? []).Select(ip => ip.Ip).Prepend(pod.Status?.PodIP)
            .Select(text => IPAddress.TryParse(text, out var address) ? address : null)
            .OfType<IPAddress>()
            .DistinctBy(address => address.AddressFamily);

    private static ushort? ContainerPort(V1Pod pod, TargetPort port)
    {
        if (port.Name is null)
        {
            return port.Number;
        }

        return (pod.Spec?.Containers ?? [])
            .SelectMany(container => container.Ports ?? [])
            .Where(candidate => candidate.Name == port.Name)
            .Select(candidate => (ushort?)candidate.ContainerPort)
            .FirstOrDefault();
    }

    private bool IsDrained(string @namespace, V1Endpoint endpoint) =>
        endpoint.TargetRef is { Kind: "Pod", Name: { } name } && sources.Pod(@namespace, name) is { } pod && IsDrained(pod);

    /// <summary>Someone takes the pod out of service by hand.</summary>
    private static bool IsDrained(V1Pod pod) =>
        pod.Metadata.Annotations is { } annotations
        && annotations.TryGetValue(NodeFacts.DrainAnnotation, out var value) && value == "true";

    private static BackendCondition ConditionOf(V1Pod pod)
    {
        if (pod.Metadata.DeletionTimestamp is not null || IsDrained(pod))
        {
            return BackendCondition.Draining;
        }

        return (pod.Status?.Conditions ?? []).Any(condition => condition is { Type: "Ready", Status: "True" })
            ? BackendCondition.Ready
            : BackendCondition.NotReady;
    }

    /// <summary>Sorted; of two with the same address and port the one that takes more.</summary>
    private static ImmutableArray<Backend> Normalize(ImmutableArray<Backend> backends) =>
    [
        .. backends
            .OrderBy(backend => backend.Address, AddressOrder.Instance)
            .ThenBy(backend => backend.Port)
            .ThenBy(backend => backend.Condition)
            .ThenBy(backend => backend.DisplayName, StringComparer.Ordinal)
            .DistinctBy(backend => (backend.Address, backend.Port)),
    ];

    private static Finding UnknownPort(TargetPort port, string missing) => new(
        Reasons.UnknownTargetPort,
        "spec.ports[].targetPort",
        $"{missing} {(port.Name is null ? "" : "named ")}'{port}'; change targetPort in the VirtualIp, or add the port");
}
