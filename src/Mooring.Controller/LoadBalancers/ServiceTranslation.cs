using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using k8s;
using k8s.Models;
using Mooring.Api;
using Mooring.Api.V1Alpha1;
using Mooring.Controller.Validation;

namespace Mooring.Controller.LoadBalancers;

/// <summary>What a Service of type LoadBalancer wants, as a VirtualIp and a BackendPool. Pure.</summary>
internal sealed class ServiceTranslation(PoolChoice pools)
{
    /// <summary>Fingerprint of what was applied, so that a field that is wanted no longer is seen.</summary>
    public const string AppliedAnnotation = "mooring.dev/applied";

    private readonly List<Finding> _findings = [];

    /// <summary>What is wrong with the Service; what is not concerned by it is served.</summary>
    public IReadOnlyList<Finding> Findings => _findings;

    /// <param name="service">The Service.</param>
    /// <param name="keptPool">Pool that it has an address of already.</param>
    /// <returns>Null when there is nothing to serve, or no pool to have an address of.</returns>
    public (V1Alpha1VirtualIp VirtualIp, V1Alpha1BackendPool Pool)? Translate(V1Service service, string? keptPool)
    {
        var spec = service.Spec!;
        var ports = Ports(service);
        var families = Families(spec);
        var requested = Requested(service);
        if (ports.Count == 0 || requested is null || ChoosePool(service, families, requested, keptPool) is not { } pool)
        {
            return null;
        }

        // A second family is a preference unless it is required.
        var wanted = families
            .Where((family, index) => index == 0 || spec.IpFamilyPolicy == "RequireDualStack" || pools.Has(pool, family))
            .Select(family => family == AddressFamily.InterNetwork ? "IPv4" : "IPv6")
            .ToList();
        var local = spec.ExternalTrafficPolicy == "Local";
        var vip = new V1Alpha1VirtualIp
        {
            Metadata = Metadata(service),
            Spec = new VirtualIpSpec
            {
                AddressPool = pool,
                RequestedAddresses = requested.Count > 0 ? [.. requested.Select(address => address.ToString())] : null,
                IpFamilies = requested.Count > 0 ? null : wanted,
                SharingKey = local ? null : Shorten(ServiceAnnotations.SharingKeyOf(service)),
                Ports = ports,
                SourceRanges = spec.LoadBalancerSourceRanges is { Count: > 0 } ranges ? [.. ranges.Select(range => range.Trim())] : null,
                TrafficPolicy = local ? "Local" : "Cluster",
                HealthCheckNodePort = local && spec.HealthCheckNodePort > 0 ? spec.HealthCheckNodePort : null,
            },
        };
        var backends = new V1Alpha1BackendPool
        {
            Metadata = Metadata(service),
            Spec = new BackendPoolSpec
            {
                ServiceRef = new ServiceReference { Name = service.Metadata.Name! },
                SessionAffinity = Affinity(spec),
            },
        };
        Seal(vip.Metadata, vip.Spec);
        Seal(backends.Metadata, backends.Spec);
        return (vip, backends);
    }

    private string? ChoosePool(
        V1Service service, List<AddressFamily> families, List<IPAddress> requested, string? keptPool)
    {
        if (ServiceAnnotations.PoolOf(service) is { } named)
        {
            return named;
        }

        if (requested.Count > 0)
        {
            return Take(pools.With(service, requested, ServiceAnnotations.AddressesOf(service).Field));
        }

        return keptPool ?? Take(pools.For(service, families));
    }

    private string? Take((string? Pool, Finding? Problem) choice)
    {
        if (choice.Problem is { } problem)
        {
            _findings.Add(problem);
        }

        return choice.Pool;
    }

    private static List<AddressFamily> Families(V1ServiceSpec spec)
    {
        var families = (spec.IpFamilies is { Count: > 0 } named ? named : ["IPv4"])
            .Select(family => family == "IPv6" ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork)
            .ToList();
        return spec.IpFamilyPolicy is "PreferDualStack" or "RequireDualStack" ? families : families[..1];
    }

    /// <summary>Null when what is asked for cannot be read.</summary>
    private List<IPAddress>? Requested(V1Service service)
    {
        var (field, texts) = ServiceAnnotations.AddressesOf(service);
        var reader = new FieldReader();
        var addresses = new List<IPAddress>();
        foreach (var text in texts)
        {
            if (reader.Address(text, field, out var address))
            {
                addresses.Add(address);
            }
        }

        _findings.AddRange(reader.Findings);
        return reader.Findings.Count > 0 ? null : addresses;
    }

    private List<VirtualIpPort> Ports(V1Service service)
    {
        var ports = new List<VirtualIpPort>();
        var named = service.Spec?.Ports ?? [];
        for (var i = 0; i < named.Count; i++)
        {
            var port = named[i];
            if (port.Protocol is not (null or "TCP" or "UDP" or "SCTP"))
            {
                _findings.Add(new Finding(
                    Reasons.InvalidValue, $"spec.ports[{i}].protocol", $"{port.Protocol} is not forwarded; the other ports are"));
                continue;
            }

            var protocol = port.Protocol ?? "TCP";

            // A name finds the port in the EndpointSlices also when two ports have one number; one of digits alone is
            // not a name to the VirtualIp.
            var hasName = port.Name?.Any(char.IsAsciiLetterLower) == true;
            ports.Add(new VirtualIpPort
            {
                Name = string.IsNullOrEmpty(port.Name)
                    ? string.Create(CultureInfo.InvariantCulture, $"{protocol.ToLowerInvariant()}-{port.Port}") : port.Name,
                Port = port.Port,
                Protocol = protocol,
                BackendPool = service.Metadata.Name!,
                TargetPort = hasName ? port.Name! : port.Port,
            });
        }

        return ports;
    }

    private static SessionAffinity Affinity(V1ServiceSpec spec) => spec.SessionAffinity == "ClientIP"
        ? new SessionAffinity
        {
            Type = "ClientIP",
            Timeout = GoDuration.Format(TimeSpan.FromSeconds(
                Math.Clamp(spec.SessionAffinityConfig?.ClientIP?.TimeoutSeconds ?? 10_800, 1, 86_400))),
        }
        : new SessionAffinity();

    private static V1ObjectMeta Metadata(V1Service service) => new()
    {
        Name = service.Metadata.Name,
        NamespaceProperty = service.Metadata.NamespaceProperty,
        Labels = new Dictionary<string, string>(service.Metadata.Labels ?? new Dictionary<string, string>()),
        OwnerReferences =
        [
            new V1OwnerReference
            {
                ApiVersion = "v1",
                Kind = "Service",
                Name = service.Metadata.Name!,
                Uid = service.Metadata.Uid!,
                Controller = true,
                BlockOwnerDeletion = true,
            },
        ],
    };

    private static void Seal(V1ObjectMeta metadata, object spec)
    {
        var text = KubernetesJson.Serialize(metadata.Labels) + KubernetesJson.Serialize(spec);
        metadata.Annotations = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [AppliedAnnotation] = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8)),
        };
    }

    /// <summary>Keys of others may be longer than ours: the same one becomes the same one.</summary>
    private static string? Shorten(string? key) => key is null or { Length: <= 63 }
        ? key
        : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)).AsSpan(0, 16));
}
