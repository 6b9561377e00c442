using System.Collections.Immutable;
using System.Globalization;
using Mooring.Api.V1Alpha1;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Validation;

/// <summary>Reads the spec of a BackendPool; see <see cref="VirtualIpReader"/> for what the schema leaves to it.</summary>
internal static class BackendPoolReader
{
    public static readonly TimeSpan MinProbeInterval = TimeSpan.FromMilliseconds(100);
    public static readonly TimeSpan MaxProbeInterval = TimeSpan.FromHours(1);
    public static readonly TimeSpan MinProbeTimeout = TimeSpan.FromMilliseconds(10);
    public static readonly TimeSpan MaxDrainTimeout = TimeSpan.FromHours(24);
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
            HealthCheck = spec.HealthCheck is { } check ? Check(reader, check) : null,
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
                read.Add(new FixedEndpoint(address, (ushort)port, weight));
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

    private static HealthCheckIntent Check(FieldReader reader, HealthCheck spec)
    {
        const string Field = "spec.healthCheck";
        var interval = reader.Duration(
            spec.Interval, $"{Field}.interval", MinProbeInterval, MaxProbeInterval, HealthCheckIntent.DefaultInterval);
        var timeout = reader.Duration(
            spec.Timeout, $"{Field}.timeout", MinProbeTimeout, MaxProbeInterval, HealthCheckIntent.DefaultTimeout);
        if (timeout > interval)
        {
            // The default timeout is longer than an interval set short; only a timeout someone wrote is a mistake,
            // and which of the two was written cannot be seen, so the shorter one holds.
            timeout = interval;
        }

        return new HealthCheckIntent
        {
            Type = reader.Choice(
                spec.Type, $"{Field}.type", HealthCheckType.Tcp, ("TCP", HealthCheckType.Tcp), ("HTTP", HealthCheckType.Http)),
            Port = (ushort)(spec.Port is { } port
                ? reader.Number(port, $"{Field}.port", 1, ushort.MaxValue, Reasons.InvalidPort)
                : 0),
            Path = spec.Path is { Length: > 0 } path ? path : "/",
            Host = string.IsNullOrEmpty(spec.Host) ? null : spec.Host,
            ExpectedStatuses = Statuses(reader, spec.ExpectedStatuses, $"{Field}.expectedStatuses"),
            Tls = spec.Tls is not null,
            TlsSkipVerify = spec.Tls?.InsecureSkipVerify ?? false,
            Interval = interval,
            Timeout = timeout,
            UnhealthyThreshold = reader.Number(spec.UnhealthyThreshold, $"{Field}.unhealthyThreshold", 1, 100),
            HealthyThreshold = reader.Number(spec.HealthyThreshold, $"{Field}.healthyThreshold", 1, 100),
        };
    }

    private static ImmutableArray<StatusRange> Statuses(FieldReader reader, IList<string>? texts, string field)
    {
        var ranges = ImmutableArray.CreateBuilder<StatusRange>();
        for (var i = 0; i < (texts?.Count ?? 0); i++)
        {
            var parts = texts![i].Split('-');
            if (parts.Length <= 2
                && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
                && int.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last)
                && first is >= 100 and <= 599 && last is >= 100 and <= 599 && first <= last)
            {
                ranges.Add(new StatusRange(first, last));
            }
            else
            {
                reader.Report(
                    Reasons.InvalidValue,
                    $"{field}[{i}]",
                    $"'{texts[i]}' is not an HTTP status or a range of them; write 200 or 200-299");
            }
        }

        return ranges.ToImmutable();
    }
}
