using System.Collections.Immutable;
using System.Net;
using Google.Protobuf.WellKnownTypes;
using Mooring.Core.Snapshots;
using Proto = Mooring.Protocol.V1Alpha1;

namespace Mooring.Protocol.Snapshots;

internal static class BackendSetMapping
{
    private const int MaxIdLength = 600;
    private static readonly TimeSpan MaxAffinity = TimeSpan.FromDays(7);
    private static readonly TimeSpan MaxDrain = TimeSpan.FromDays(1);

    public static Proto.BackendSet ToProto(BackendSet set)
    {
        var result = new Proto.BackendSet
        {
            Id = set.Id,
            PoolNamespace = set.Pool.Namespace,
            PoolName = set.Pool.Name,
            Algorithm = WireEnums.ToProto(WireEnums.Algorithms, set.Algorithm),
            ClientAffinityTimeout = set.ClientAffinityTimeout is { } affinity ? Duration.FromTimeSpan(affinity) : null,
            HealthCheck = set.HealthCheck is { } check ? HealthCheckMapping.ToProto(check) : null,
            DrainTimeout = Duration.FromTimeSpan(set.DrainTimeout),
            MinHealthyPercent = (uint)set.MinHealthyPercent,
            ShutsDownSessions = set.ShutsDownSessions,
            HoldsWithoutBackends = set.HoldsWithoutBackends,
        };
        foreach (var backend in set.Backends)
        {
            result.Backends.Add(new Proto.Backend
            {
                Address = backend.Address.ToString(),
                Port = backend.Port,
                NodeName = backend.NodeName ?? "",
                DisplayName = backend.DisplayName,
                Weight = (uint)backend.Weight,
                Condition = WireEnums.ToProto(WireEnums.Conditions, backend.Condition),
                Backup = backend.Backup,
            });
        }

        result.SlotTables.AddRange(set.Slots.Select(SlotTableMapping.ToProto));
        result.SparseTables.AddRange(set.Sparse.Select(SparseTableMapping.ToProto));
        return result;
    }

    public static BackendSet Read(Proto.BackendSet set, string field, ProblemList problems)
    {
        var reader = new ObjectReader(ObjectReader.Shorten(set.Id), problems);
        if (set.Id.Length is 0 or > MaxIdLength)
        {
            reader.Refuse($"{field}.id", $"must be 1 to {MaxIdLength} characters");
        }

        var backends = ReadBackends(set, reader);
        return new BackendSet
        {
            Id = set.Id,
            Pool = new NamespacedName(
                reader.Name("pool_namespace", set.PoolNamespace), reader.Name("pool_name", set.PoolName)),
            Algorithm = reader.Enumeration("algorithm", set.Algorithm, WireEnums.Algorithms),
            ClientAffinityTimeout = set.ClientAffinityTimeout is null
                ? null
                : reader.Duration("client_affinity_timeout", set.ClientAffinityTimeout, TimeSpan.FromSeconds(1), MaxAffinity),
            HealthCheck = set.HealthCheck is null ? null : HealthCheckMapping.Read(set.HealthCheck, reader),
            HoldsWithoutBackends = set.HoldsWithoutBackends,
            MinHealthyPercent = reader.Number("min_healthy_percent", set.MinHealthyPercent, 0, 100),
            ShutsDownSessions = set.ShutsDownSessions,
            DrainTimeout = reader.Duration("drain_timeout", set.DrainTimeout, TimeSpan.Zero, MaxDrain),
            Backends = backends,
            Slots = SlotTableMapping.Read(set.SlotTables, reader),
            Sparse = SparseTableMapping.Read(set.SparseTables, backends, reader),
        };
    }

    private static ImmutableArray<Backend> ReadBackends(Proto.BackendSet set, ObjectReader reader)
    {
        if (!reader.Count("backends", set.Backends.Count, SnapshotLimits.MaxBackendsPerSet))
        {
            return [];
        }

        var seen = new HashSet<(IPAddress, uint)>();
        var result = ImmutableArray.CreateBuilder<Backend>(set.Backends.Count);
        for (var i = 0; i < set.Backends.Count; i++)
        {
            var item = set.Backends[i];
            var field = $"backends[{i}]";
            var port = reader.Port($"{field}.port", item.Port);
            var weight = reader.Number($"{field}.weight", item.Weight, 0, SnapshotLimits.MaxWeight);
            var condition = reader.Enumeration($"{field}.condition", item.Condition, WireEnums.Conditions);
            if (!reader.TryAddress($"{field}.address", item.Address, out var address))
            {
                continue;
            }

            if (!seen.Add((address, item.Port)))
            {
                reader.Refuse($"{field}.address", $"{new IPEndPoint(address, port)} is there twice");
            }

            result.Add(new Backend
            {
                Address = address,
                Port = port,
                NodeName = item.NodeName.Length == 0 ? null : reader.Name($"{field}.node_name", item.NodeName),
                DisplayName = item.DisplayName.Length == 0 ? "" : reader.Name($"{field}.display_name", item.DisplayName),
                Weight = weight,
                Condition = condition,
                Backup = item.Backup,
            });
        }

        result.Sort(static (a, b) => AddressOrder.Compare(a.Address, b.Address) is var order and not 0
            ? order
            : a.Port.CompareTo(b.Port));
        return result.ToImmutable();
    }
}
