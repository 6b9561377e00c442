using System.Collections.Immutable;
using Mooring.Api.V1Alpha1;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Validation;

/// <summary>Reads the spec of a BackendPool; see <see cref="VirtualIpReader"/> for what the schema leaves to it.</summary>
internal static class BackendPoolReader
{
    public static readonly TimeSpan MaxDrainTimeout = TimeSpan.FromHours(24);
    public static readonly TimeSpan MinSlowStart = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan MaxSlowStart = TimeSpan.FromHours(1);
    public static readonly TimeSpan MaxAffinityTimeout = TimeSpan.FromHours(24);

    public static PoolSettings Read(V1Alpha1BackendPool resource)
    {
        var reader = new FieldReader();
        var spec = resource.Spec ?? new BackendPoolSpec();
        CheckSource(reader, spec);
        var settings = new PoolSettings
        {
            Resource = resource,
            Key = new NamespacedName(resource.Metadata.NamespaceProperty ?? "", resource.Metadata.Name ?? ""),
            Selector = spec.Selector?.ToImmutableSortedDictionary(StringComparer.Ordinal),
            Service = spec.ServiceRef?.Name,
            Endpoints = spec.Endpoints is { } endpoints ? Endpoints(reader, endpoints) : null,
            Algorithm = reader.Choice(
                spec.Algorithm,
                "spec.algorithm",
                BalancingAlgorithm.Maglev,
                ("Maglev", BalancingAlgorithm.Maglev),
                ("RoundRobin", BalancingAlgorithm.RoundRobin),
                ("WeightedRoundRobin", BalancingAlgorithm.WeightedRoundRobin),
                ("SourceIpHash", BalancingAlgorithm.SourceIpHash),
                ("LeastConnections", BalancingAlgorithm.LeastConnections),
                ("LeastResponseTime", BalancingAlgorithm.LeastResponseTime)),
            ClientAffinityTimeout = Affinity(reader, spec.SessionAffinity),
            HealthCheck = spec.HealthCheck is { } check ? HealthCheckReader.Read(reader, check) : null,
            Authority = HealthCheckReader.Authority(resource.Metadata.NamespaceProperty ?? "", spec.HealthCheck),
            MinHealthyPercent = reader.Number(spec.MinHealthyPercent, "spec.minHealthyPercent", 0, 100),
            SlowStart = spec.SlowStart is null
                ? TimeSpan.Zero
                : reader.Duration(spec.SlowStart, "spec.slowStart", MinSlowStart, MaxSlowStart, TimeSpan.Zero),
            ShutsDownSessions = reader.Choice(
                spec.OnMarkedDown, "spec.onMarkedDown", false, ("KeepSessions", false), ("ShutdownSessions", true)),
            HoldsWithoutEndpoints = reader.Choice(
                spec.WithoutEndpoints, "spec.withoutEndpoints", false, ("Refuse", false), ("Hold", true)),
            DrainTimeout = reader.Duration(
                spec.DrainTimeout, "spec.drainTimeout", TimeSpan.Zero, MaxDrainTimeout, BackendSet.DefaultDrainTimeout),
        };
        return settings with { Findings = [.. reader.Findings] };
    }

    private static void CheckSource(FieldReader reader, BackendPoolSpec spec)
    {
        string[] named =
        [
            .. spec.Selector is null ? Array.Empty<string>() : ["selector"],
            .. spec.ServiceRef is null ? Array.Empty<string>() : ["serviceRef"],
            .. spec.Endpoints is null ? Array.Empty<string>() : ["endpoints"],
        ];
        if (named.Length == 0)
        {
            reader.Report(
                Reasons.EndpointSourceMissing, "spec", "no endpoints; set one of selector, serviceRef and endpoints");
        }
        else if (named.Length > 1)
        {
            reader.Report(
                Reasons.EndpointSourceAmbiguous,
                "spec",
                $"{string.Join(" and ", named)} are set together; keep one of them");
        }
        else if (spec.Selector is { Count: 0 })
        {
            reader.Report(
                Reasons.EndpointSourceMissing,
                "spec.selector",
                "an empty selector would take every pod of the namespace; name at least one label");
        }
        else if (spec.ServiceRef is { } service && string.IsNullOrEmpty(service.Name))
        {
            reader.Report(Reasons.EndpointSourceMissing, "spec.serviceRef.name", "no name; name a Service");
        }
    }

    private static ImmutableArray<FixedEndpoint> Endpoints(FieldReader reader, IList<StaticEndpoint> endpoints)
    {
        var read = ImmutableArray.CreateBuilder<FixedEndpoint>();
        for (var i = 0; i < endpoints.Count; i++)
        {
            var field = $"spec.endpoints[{i}]";
            var spec = endpoints[i];
            var port = spec.Port is { } number
                ? reader.Number(number, $"{field}.port", 1, ushort.MaxValue, Reasons.InvalidPort)
                : 0;
            var weight = reader.Number(spec.Weight, $"{field}.weight", 0, ushort.MaxValue);
            if (reader.Address(spec.Address, $"{field}.address", out var address))
            {
                read.Add(new FixedEndpoint(address, (ushort)port, weight, spec.Backup));
            }
        }

        return read.ToImmutable();
    }

    private static TimeSpan? Affinity(FieldReader reader, SessionAffinity? spec)
    {
        if (spec is null)
        {
            return null;
        }

        var timeout = reader.Duration(
            spec.Timeout, "spec.sessionAffinity.timeout", TimeSpan.FromSeconds(1), MaxAffinityTimeout, MaxAffinityTimeout);
        return reader.Choice(spec.Type, "spec.sessionAffinity.type", false, ("None", false), ("ClientIP", true))
            ? timeout
            : null;
    }
}
