using System.Collections.Immutable;
using System.Net;
using Google.Protobuf.WellKnownTypes;
using Mooring.Core.DataPlane;
using Mooring.Core.Snapshots;
using Proto = Mooring.Protocol.V1Alpha1;

namespace Mooring.Protocol.Snapshots;

internal static class VirtualIpMapping
{
    private const int MaxDetectMultiplier = 255;
    private static readonly TimeSpan MinHeartbeat = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan MaxHeartbeat = TimeSpan.FromMinutes(1);

    public static Proto.VirtualIp ToProto(VirtualIpIntent vip)
    {
        var result = new Proto.VirtualIp
        {
            Namespace = vip.Key.Namespace,
            Name = vip.Key.Name,
            Forwarding = WireEnums.ToProto(WireEnums.ForwardingModes, vip.Forwarding),
            HeartbeatInterval = Duration.FromTimeSpan(vip.HeartbeatInterval),
            DetectMultiplier = (uint)vip.DetectMultiplier,
            LocalEndpointsOnly = vip.LocalEndpointsOnly,
            HealthCheckNodePort = vip.HealthCheckNodePort ?? 0u,
        };
        foreach (var address in vip.Addresses)
        {
            var item = new Proto.Address { Address_ = address.Address.ToString(), Term = address.Term };
            item.Candidates.AddRange(address.Candidates);
            item.Move = address.Move is { } move ? new Proto.Move { Id = move.Id, To = move.To } : null;
            result.Addresses.Add(item);
        }

        result.SourceRanges.AddRange(vip.SourceRanges.Select(range => range.ToString()));
        foreach (var port in vip.Ports)
        {
            result.Ports.Add(new Proto.Port
            {
                Name = port.Name,
                Port_ = port.Port,
                Protocol = WireEnums.ToProto(WireEnums.Transports, port.Protocol),
                BackendSetId = port.BackendSetId,
            });
        }

        return result;
    }

    public static VirtualIpIntent Read(Proto.VirtualIp vip, string field, ProblemList problems)
    {
        var key = new NamespacedName(vip.Namespace, vip.Name);
        var reader = new ObjectReader(ObjectReader.Shorten(key.ToString()), problems);
        reader.Name($"{field}.namespace", vip.Namespace);
        reader.Name($"{field}.name", vip.Name);
        return new VirtualIpIntent
        {
            Key = key,
            Addresses = ReadAddresses(vip, reader),
            Ports = ReadPorts(vip, reader),
            Forwarding = reader.Enumeration("forwarding", vip.Forwarding, WireEnums.ForwardingModes),
            HeartbeatInterval = reader.Duration("heartbeat_interval", vip.HeartbeatInterval, MinHeartbeat, MaxHeartbeat),
            DetectMultiplier = reader.Number("detect_multiplier", vip.DetectMultiplier, 1, MaxDetectMultiplier),
            LocalEndpointsOnly = vip.LocalEndpointsOnly,
            HealthCheckNodePort = vip.HealthCheckNodePort == 0
                ? null : reader.Port("health_check_node_port", vip.HealthCheckNodePort),
            SourceRanges = ReadRanges(vip, reader),
        };
    }

    private static ImmutableArray<IPNetwork> ReadRanges(Proto.VirtualIp vip, ObjectReader reader)
    {
        if (!reader.Count("source_ranges", vip.SourceRanges.Count, SnapshotLimits.MaxSourceRangesPerVirtualIp))
        {
            return [];
        }

        var ranges = ImmutableArray.CreateBuilder<IPNetwork>(vip.SourceRanges.Count);
        for (var i = 0; i < vip.SourceRanges.Count; i++)
        {
            if (SourceRange.TryParse(vip.SourceRanges[i], out var range))
            {
                ranges.Add(range);
            }
            else
            {
                reader.Refuse($"source_ranges[{i}]", $"'{ObjectReader.Shorten(vip.SourceRanges[i])}' is no CIDR");
            }
        }

        return ranges.ToImmutable();
    }

    private static ImmutableArray<AddressIntent> ReadAddresses(Proto.VirtualIp vip, ObjectReader reader)
    {
        if (!reader.Count("addresses", vip.Addresses.Count, SnapshotLimits.MaxAddressesPerVirtualIp))
        {
            return [];
        }

        var seen = new HashSet<IPAddress>();
        var result = ImmutableArray.CreateBuilder<AddressIntent>(vip.Addresses.Count);
        for (var i = 0; i < vip.Addresses.Count; i++)
        {
            var item = vip.Addresses[i];
            var field = $"addresses[{i}]";
            var candidates = ReadCandidates(item, $"{field}.candidates", reader);
            if (!reader.TryAddress($"{field}.address", item.Address_, out var address))
            {
                continue;
            }

            if (!seen.Add(address))
            {
                reader.Refuse($"{field}.address", $"{address} is there twice");
                continue;
            }

            result.Add(new AddressIntent
            {
                Address = address,
                Candidates = candidates,
                Term = item.Term,
                Move = ReadMove(item, $"{field}.move", reader),
            });
        }

        return result.ToImmutable();
    }

    private static ImmutableArray<string> ReadCandidates(Proto.Address item, string field, ObjectReader reader)
    {
        if (!reader.Count(field, item.Candidates.Count, SnapshotLimits.MaxCandidatesPerAddress))
        {
            return [];
        }

        var seen = new HashSet<string>();
        for (var i = 0; i < item.Candidates.Count; i++)
        {
            if (!seen.Add(reader.Name($"{field}[{i}]", item.Candidates[i])))
            {
                reader.Refuse($"{field}[{i}]", $"'{ObjectReader.Shorten(item.Candidates[i])}' is there twice");
            }
        }

        return [.. item.Candidates];
    }

    private static MoveIntent? ReadMove(Proto.Address item, string field, ObjectReader reader)
    {
        if (item.Move is not { } move)
        {
            return null;
        }

        if (move.Id == 0)
        {
            reader.Refuse($"{field}.id", "is 0");
        }

        if (!item.Candidates.Contains(move.To))
        {
            reader.Refuse($"{field}.to", $"'{ObjectReader.Shorten(move.To)}' is not among the candidates");
        }

        return new MoveIntent(move.Id, move.To);
    }

    private static ImmutableArray<PortIntent> ReadPorts(Proto.VirtualIp vip, ObjectReader reader)
    {
        if (!reader.Count("ports", vip.Ports.Count, SnapshotLimits.MaxPortsPerVirtualIp))
        {
            return [];
        }

        var seen = new HashSet<(uint, Proto.TransportProtocol)>();
        var result = ImmutableArray.CreateBuilder<PortIntent>(vip.Ports.Count);
        for (var i = 0; i < vip.Ports.Count; i++)
        {
            var item = vip.Ports[i];
            var field = $"ports[{i}]";
            if (!seen.Add((item.Port_, item.Protocol)))
            {
                reader.Refuse($"{field}.port", $"{item.Protocol} {item.Port_} is there twice");
            }

            result.Add(new PortIntent
            {
                Name = item.Name.Length == 0 ? "" : reader.Name($"{field}.name", item.Name),
                Port = reader.Port($"{field}.port", item.Port_),
                Protocol = reader.Enumeration($"{field}.protocol", item.Protocol, WireEnums.Transports),
                BackendSetId = item.BackendSetId,
            });
        }

        return result.ToImmutable();
    }
}
