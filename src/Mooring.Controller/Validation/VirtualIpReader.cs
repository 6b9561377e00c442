using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Mooring.Api.V1Alpha1;
using Mooring.Core.DataPlane;
using Mooring.Core.Placement;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Validation;

/// <summary>
/// Reads the spec of a VirtualIp. The schema has refused most mistakes at apply; this holds for objects that were
/// stored under another schema, and for rules that a schema cannot say.
/// </summary>
internal static class VirtualIpReader
{
    public static readonly TimeSpan MinHeartbeatInterval = TimeSpan.FromMilliseconds(10);
    public static readonly TimeSpan MaxHeartbeatInterval = TimeSpan.FromSeconds(10);

    public static VirtualIpSettings Read(V1Alpha1VirtualIp resource)
    {
        var reader = new FieldReader();
        var spec = resource.Spec ?? new VirtualIpSpec();
        var key = new NamespacedName(resource.Metadata.NamespaceProperty ?? "", resource.Metadata.Name ?? "");
        var failover = spec.Failover ?? new VirtualIpFailover();
        var settings = new VirtualIpSettings
        {
            Resource = resource,
            Key = key,
            Addresses = Addresses(reader, spec),
            AddressPool = string.IsNullOrEmpty(spec.AddressPool) ? null : spec.AddressPool,
            Families = Families(reader, spec),
            Requested = AddressList(reader, spec.RequestedAddresses ?? [], "spec.requestedAddresses"),
            SharingKey = SharingKey(reader, spec),
            Ports = Ports(reader, spec, key.Namespace),
            NodeSelector = (spec.NodeSelector ?? new Dictionary<string, string>()).ToImmutableDictionary(),
            PreferredNodes =
            [
                .. (spec.PreferredNodes ?? []).Select((wish, index) => new NodePreference(
                    reader.Number(wish.Weight, $"spec.preferredNodes[{index}].weight", 1, 100),
                    (wish.MatchLabels ?? new Dictionary<string, string>()).ToImmutableDictionary())),
            ],
            LocalEndpointsOnly = reader.Choice(
                spec.TrafficPolicy, "spec.trafficPolicy", false, ("Cluster", false), ("Local", true)),
            HealthCheckNodePort = HealthCheckNodePort(reader, spec),
            Forwarding = reader.Choice(
                spec.Forwarding,
                "spec.forwarding",
                ForwardingChoice.Auto,
                ("Auto", ForwardingChoice.Auto),
                ("Direct", ForwardingChoice.Direct),
                ("Nat", ForwardingChoice.Nat)),
            SourceRanges = SourceRanges(reader, spec),
            Sticky = reader.Choice(spec.Failback, "spec.failback", true, ("Manual", true), ("Automatic", false)),
            HeartbeatInterval = reader.Duration(
                failover.HeartbeatInterval,
                "spec.failover.heartbeatInterval",
                MinHeartbeatInterval,
                MaxHeartbeatInterval,
                VirtualIpIntent.DefaultHeartbeatInterval),
            DetectMultiplier = reader.Number(
                failover.DetectMultiplier, "spec.failover.detectMultiplier", 2, 50),
        };
        return settings with { Findings = [.. reader.Findings] };
    }

    private static ImmutableArray<IPAddress> Addresses(FieldReader reader, VirtualIpSpec spec)
    {
        var named = spec.Addresses ?? [];
        var fromPool = !string.IsNullOrEmpty(spec.AddressPool);
        if (fromPool && named.Count > 0)
        {
            reader.Report(
                Reasons.AddressSourceAmbiguous, "spec", "addresses and addressPool are both set; remove one of them");
        }
        else if (!fromPool && named.Count == 0)
        {
            reader.Report(
                Reasons.AddressSourceMissing, "spec.addresses", "no address; name one, such as 10.70.0.100");
        }

        return AddressList(reader, named, "spec.addresses");
    }

    private static ImmutableArray<IPNetwork> SourceRanges(FieldReader reader, VirtualIpSpec spec)
    {
        var ranges = ImmutableArray.CreateBuilder<IPNetwork>();
        foreach (var (index, text) in (spec.SourceRanges ?? []).Index())
        {
            if (SourceRange.TryParse(text, out var range))
            {
                ranges.Add(range);
            }
            else
            {
                reader.Report(
                    Reasons.InvalidValue, $"spec.sourceRanges[{index}]", $"'{text}' is no CIDR; write 192.0.2.0/24, 2001:db8::/32 or an address");
            }
        }

        return ranges.ToImmutable();
    }

    private static string? SharingKey(FieldReader reader, VirtualIpSpec spec)
    {
        if (string.IsNullOrEmpty(spec.SharingKey))
        {
            return null;
        }

        if (spec.TrafficPolicy == "Local")
        {
            // Two of them could have their endpoints on different nodes, and an address has one holder.
            reader.Report(
                Reasons.InvalidValue, "spec.sharingKey", "an address is not shared with trafficPolicy Local; remove one of the two");
        }

        return spec.SharingKey;
    }

    private static ushort? HealthCheckNodePort(FieldReader reader, VirtualIpSpec spec)
    {
        if (spec.HealthCheckNodePort is not { } port)
        {
            return null;
        }

        if (spec.TrafficPolicy != "Local")
        {
            reader.Report(
                Reasons.InvalidValue, "spec.healthCheckNodePort", "every node serves with trafficPolicy Cluster; remove it, or set Local");
        }

        return (ushort)reader.Number(port, "spec.healthCheckNodePort", 1, ushort.MaxValue, Reasons.InvalidPort);
    }

    private static ImmutableArray<AddressFamily> Families(FieldReader reader, VirtualIpSpec spec) =>
    [
        .. (spec.IpFamilies ?? []).Select((family, index) => reader.Choice(
            family,
            $"spec.ipFamilies[{index}]",
            AddressFamily.InterNetwork,
            ("IPv4", AddressFamily.InterNetwork),
            ("IPv6", AddressFamily.InterNetworkV6))).Distinct(),
    ];

    private static ImmutableArray<IPAddress> AddressList(FieldReader reader, IList<string> named, string path)
    {
        var addresses = ImmutableArray.CreateBuilder<IPAddress>();
        for (var i = 0; i < named.Count; i++)
        {
            var field = $"{path}[{i}]";
            if (!reader.Address(named[i], field, out var address))
            {
                continue;
            }

            if (addresses.Contains(address))
            {
                reader.Report(Reasons.DuplicateAddress, field, $"{address} is in the list already; remove one");
                continue;
            }

            addresses.Add(address);
        }

        return addresses.ToImmutable();
    }

    private static ImmutableArray<PortSettings> Ports(FieldReader reader, VirtualIpSpec spec, string @namespace)
    {
        var ports = ImmutableArray.CreateBuilder<PortSettings>();
        var named = spec.Ports ?? [];
        if (named.Count == 0)
        {
            reader.Report(Reasons.NoPorts, "spec.ports", "no port; add one with a name, a port and a backendPool");
        }

        for (var i = 0; i < named.Count; i++)
        {
            var field = $"spec.ports[{i}]";
            if (ReadPort(reader, named[i], field, @namespace) is not { } port)
            {
                continue;
            }

            if (ports.FirstOrDefault(other => other.Port == port.Port && other.Protocol == port.Protocol) is { } twin)
            {
                reader.Report(
                    Reasons.DuplicatePort,
                    field,
                    $"port {port.Port}/{port.Protocol.ToString().ToUpperInvariant()} is served by {twin.Field} "
                    + $"('{twin.Name}') already; change the port or the protocol of one, or remove it");
                continue;
            }

            if (ports.FirstOrDefault(other => other.Name == port.Name) is { } namesake)
            {
                reader.Report(
                    Reasons.DuplicatePort,
                    $"{field}.name",
                    $"'{port.Name}' is the name of {namesake.Field} already; rename one");
                continue;
            }

            ports.Add(port);
        }

        return ports.ToImmutable();
    }

    private static PortSettings? ReadPort(FieldReader reader, VirtualIpPort spec, string field, string @namespace)
    {
        var before = reader.Findings.Count;
        var port = reader.Number(spec.Port, $"{field}.port", 1, ushort.MaxValue, Reasons.InvalidPort);
        var protocol = reader.Choice(
            spec.Protocol,
            $"{field}.protocol",
            TransportProtocol.Tcp,
            ("TCP", TransportProtocol.Tcp),
            ("UDP", TransportProtocol.Udp),
            ("SCTP", TransportProtocol.Sctp));
        if (string.IsNullOrEmpty(spec.BackendPool))
        {
            reader.Report(
                Reasons.UnknownBackendPool,
                $"{field}.backendPool",
                "no pool; name a BackendPool of the same namespace");
        }

        var target = spec.TargetPort switch
        {
            null => new TargetPort((ushort)port, null),
            { IntValue: { } number } => new TargetPort(
                (ushort)reader.Number(
                    number, $"{field}.targetPort", 1, ushort.MaxValue, Reasons.InvalidTargetPort),
                null),
            var name => NamedPort(reader, name.Value, $"{field}.targetPort"),
        };
        return reader.Findings.Count > before
            ? null
            : new PortSettings(
                field,
                spec.Name ?? "",
                (ushort)port,
                protocol,
                new NamespacedName(@namespace, spec.BackendPool!),
                target);
    }

    private static TargetPort NamedPort(FieldReader reader, string name, string field)
    {
        // IANA service names, as for container ports (RFC 6335): at most 15 characters with at least one letter.
        var valid = name.Length is > 0 and <= 63
            && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')
            && name.Any(char.IsAsciiLetterLower);
        if (!valid)
        {
            reader.Report(
                Reasons.InvalidTargetPort,
                field,
                $"'{name}' is neither a port number nor the name of a port; write 8080 or http");
        }

        return new TargetPort(0, name);
    }
}
