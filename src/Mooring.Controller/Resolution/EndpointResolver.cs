using System.Collections.Immutable;
using System.Net;
using k8s.Models;
using Mooring.Controller.Validation;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Resolution;

/// <summary>Turns a pool and a target port into concrete endpoints, of both address families.</summary>
internal sealed class EndpointResolver(EndpointSources sources)
{
    public ResolvedEndpoints Resolve(PoolSettings pool, TargetPort port)
    {
        (IReadOnlyCollection<ResolvedEndpoint> found, var finding) = pool switch
        {
            { Selector: { } selector } => FromPods(pool.Key.Namespace, selector, port),
            { Service: { } service } => FromService(pool.Key.Namespace, service, port),
            { Endpoints: { } endpoints } => FromList(endpoints, port),
            _ => ([], null),
        };
        var normal = Normalize(LastResort.Apply(found));
        return new ResolvedEndpoints([.. normal.Select(endpoint => endpoint.Backend)], finding)
        {
            Remarks = normal.Where(endpoint => endpoint.Readiness.Remark is not null)
                .ToImmutableDictionary(endpoint => endpoint.Backend.EndPoint, endpoint => endpoint.Readiness.Remark!),
        };
    }

    private (IReadOnlyCollection<ResolvedEndpoint> Endpoints, Finding? Finding) FromPods(
        string @namespace, ImmutableSortedDictionary<string, string> selector, TargetPort port)
    {
        var found = new List<ResolvedEndpoint>();
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

            var readiness = EndpointReadiness.Of(pod, sources.Node(pod.Spec?.NodeName));
            found.AddRange(Addresses(pod).Select(address => new ResolvedEndpoint(
                new Backend
                {
                    Address = address,
                    Port = number,
                    NodeName = pod.Spec?.NodeName,
                    DisplayName = $"pod/{pod.Metadata.Name}",
                    Backup = EndpointReadiness.IsSet(pod, PoolSettings.BackupAnnotation),
                    Condition = readiness.Condition,
                },
                readiness)));
        }

        var labels = string.Join(",", selector.Select(label => $"{label.Key}={label.Value}"));
        var finding = (matching, found.Count) switch
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
        return (found, finding);
    }

    private (IReadOnlyCollection<ResolvedEndpoint> Endpoints, Finding? Finding) FromService(string @namespace, string name, TargetPort port)
    {
        if (sources.Service(@namespace, name) is not { } service)
        {
            return (
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
        var found = new List<ResolvedEndpoint>();
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
                found.AddRange((slice.Endpoints ?? []).Select(endpoint => FromSlice(@namespace, endpoint, (ushort)number)).OfType<ResolvedEndpoint>());
            }
        }

        var finding = (endpoints, found.Count) switch
        {
            (0, _) => new Finding(
                Reasons.NoMatchingEndpoints,
                "spec.serviceRef.name",
                $"Service '{name}' has no endpoints; its selector matches no pod with an IP address"),
            (_, 0) => UnknownPort(port, $"Service '{name}' has no port"),
            _ => null,
        };
        return (found, finding);
    }

    private static (IReadOnlyCollection<ResolvedEndpoint> Endpoints, Finding? Finding) FromList(ImmutableArray<FixedEndpoint> endpoints, TargetPort port)
    {
        if (port.Name is not null && endpoints.Any(endpoint => endpoint.Port == 0))
        {
            return (
                [],
                new Finding(
                    Reasons.UnknownTargetPort,
                    "spec.endpoints",
                    $"target port '{port.Name}' has no meaning for a fixed endpoint; give every endpoint a port, or "
                    + "set a number as targetPort in the VirtualIp"));
        }

        return (
        [
            .. endpoints.Select(endpoint => new ResolvedEndpoint(
                new Backend
                {
                    Address = endpoint.Address,
                    Port = endpoint.Port == 0 ? port.Number : endpoint.Port,
                    DisplayName = endpoint.Address.ToString(),
                    Weight = endpoint.Weight,
                    Backup = endpoint.Backup,
                    Condition = BackendCondition.Ready,
                },
                new EndpointReadiness(BackendCondition.Ready, null))),
        ], null);
    }

    private ResolvedEndpoint? FromSlice(string @namespace, V1Endpoint endpoint, ushort port)
    {
        // The addresses of one endpoint are fungible (EndpointSlice API): the first stands for it.
        if (endpoint.Addresses.Count == 0 || !IPAddress.TryParse(endpoint.Addresses[0], out var address))
        {
            return null;
        }

        var pod = endpoint.TargetRef is { Kind: "Pod", Name: { } name } ? sources.Pod(@namespace, name) : null;
        var readiness = EndpointReadiness.Of(endpoint, pod, sources.Node(endpoint.NodeName));
        return new ResolvedEndpoint(
            new Backend
            {
                Address = address,
                Port = port,
                NodeName = endpoint.NodeName,
                DisplayName = endpoint.TargetRef is { Kind: "Pod", Name: { } podName } ? $"pod/{podName}" : address.ToString(),
                Backup = EndpointReadiness.IsSet(pod, PoolSettings.BackupAnnotation),
                Condition = readiness.Condition,
            },
            readiness);
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

    /// <summary>Sorted; of two with the same address and port the one that takes more.</summary>
    private static ImmutableArray<ResolvedEndpoint> Normalize(IEnumerable<ResolvedEndpoint> endpoints) =>
    [
        .. endpoints
            .OrderBy(endpoint => endpoint.Backend.Address, AddressOrder.Instance)
            .ThenBy(endpoint => endpoint.Backend.Port)
            .ThenBy(endpoint => endpoint.Backend.Condition)
            .ThenBy(endpoint => endpoint.Backend.DisplayName, StringComparer.Ordinal)
            .DistinctBy(endpoint => (endpoint.Backend.Address, endpoint.Backend.Port)),
    ];

    private static Finding UnknownPort(TargetPort port, string missing) => new(
        Reasons.UnknownTargetPort,
        "spec.ports[].targetPort",
        $"{missing} {(port.Name is null ? "" : "named ")}'{port}'; change targetPort in the VirtualIp, or add the port");
}
