using System.Collections.Immutable;
using Mooring.Core.Snapshots;
using Proto = Mooring.Protocol.V1Alpha1;

namespace Mooring.Protocol.Snapshots;

/// <summary>Whole snapshots between wire and Core.</summary>
public static class SnapshotMapping
{
    public static Proto.Snapshot ToProto(ClusterSnapshot snapshot)
    {
        var result = new Proto.Snapshot { Revision = snapshot.Revision };
        result.Nodes.AddRange(snapshot.Nodes.Select(NodeMapping.ToProto));
        result.VirtualIps.AddRange(snapshot.VirtualIps.Select(VirtualIpMapping.ToProto));
        result.BackendSets.AddRange(snapshot.BackendSets.Select(BackendSetMapping.ToProto));
        result.HeartbeatKeys.AddRange(snapshot.HeartbeatKeys.Select(HeartbeatKeyMapping.ToProto));
        return result;
    }

    /// <summary>
    /// Takes the snapshot with its lists in order (nodes and backend sets by name, VIPs by namespace and name,
    /// backends by address and port), or refuses it as a whole.
    /// </summary>
    /// <param name="snapshot">As received.</param>
    /// <param name="appliedRevision">Revision in force; a snapshot older than that is refused.</param>
    public static SnapshotResult ToCore(Proto.Snapshot snapshot, ulong appliedRevision = 0)
    {
        var problems = new ProblemList();
        var reader = new ObjectReader("", problems);
        if (snapshot.Revision == 0)
        {
            reader.Refuse("revision", "is 0");
        }
        else if (snapshot.Revision < appliedRevision)
        {
            reader.Refuse("revision", $"{snapshot.Revision} is older than {appliedRevision}, which is applied");
        }

        var parts = new SnapshotParts(problems);
        parts.Put(snapshot.Nodes, snapshot.VirtualIps, snapshot.BackendSets);
        return parts.Build(snapshot.Revision, HeartbeatKeyMapping.Read(snapshot.HeartbeatKeys, problems));
    }

    /// <summary>The same snapshot with its lists in the order <see cref="ToCore"/> gives them.</summary>
    public static ClusterSnapshot InOrder(ClusterSnapshot snapshot) => snapshot with
    {
        Nodes = [.. snapshot.Nodes.OrderBy(node => node.Name, StringComparer.Ordinal)],
        VirtualIps = Sort(snapshot.VirtualIps),
        BackendSets = [.. snapshot.BackendSets.OrderBy(set => set.Id, StringComparer.Ordinal)],
    };

    internal static ImmutableArray<VirtualIpIntent> Sort(IEnumerable<VirtualIpIntent> vips) =>
    [
        .. vips.OrderBy(vip => vip.Key.Namespace, StringComparer.Ordinal).ThenBy(vip => vip.Key.Name, StringComparer.Ordinal),
    ];
}
