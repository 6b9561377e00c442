using System.Collections.Immutable;
using Google.Protobuf;
using Mooring.Core.Snapshots;
using Proto = Mooring.Protocol.V1Alpha1;

namespace Mooring.Protocol.Snapshots;

/// <summary>The difference of two snapshots as a message, and back.</summary>
public static class SnapshotDiff
{
    /// <returns>
    /// Null when no delta can say it: the heartbeat keys were all removed, or <paramref name="to"/> is not newer.
    /// The whole snapshot is sent then.
    /// </returns>
    public static Proto.Delta? Compute(ClusterSnapshot from, ClusterSnapshot to)
    {
        if (to.Revision <= from.Revision || from.Revision == 0 || (to.HeartbeatKeys.IsEmpty && !from.HeartbeatKeys.IsEmpty))
        {
            return null;
        }

        var delta = new Proto.Delta { BaseRevision = from.Revision, Revision = to.Revision };
        Compare(
            from.Nodes, to.Nodes, node => node.Name, NodeMapping.ToProto, delta.Nodes, delta.RemovedNodes);
        Compare(
            from.VirtualIps, to.VirtualIps, vip => vip.Key.ToString(), VirtualIpMapping.ToProto,
            delta.VirtualIps, delta.RemovedVirtualIps);
        Compare(
            from.BackendSets, to.BackendSets, set => set.Id, BackendSetMapping.ToProto,
            delta.BackendSets, delta.RemovedBackendSets);
        if (!SameKeys(from.HeartbeatKeys, to.HeartbeatKeys))
        {
            delta.HeartbeatKeys.AddRange(to.HeartbeatKeys.Select(HeartbeatKeyMapping.ToProto));
        }

        return delta;
    }

    /// <summary>The snapshot after the delta, or everything that is wrong with it.</summary>
    public static SnapshotResult Apply(ClusterSnapshot from, Proto.Delta delta)
    {
        var problems = new ProblemList();
        if (delta.BaseRevision != from.Revision)
        {
            problems.Add("", "base_revision", $"is {delta.BaseRevision}, but {from.Revision} is applied");
            return SnapshotResult.Refused(problems);
        }

        if (delta.Revision <= from.Revision)
        {
            problems.Add("", "revision", $"{delta.Revision} is not newer than {from.Revision}, which is applied");
        }

        var parts = new SnapshotParts(problems);
        parts.Load(from);
        parts.Remove(delta.RemovedNodes, delta.RemovedVirtualIps, delta.RemovedBackendSets);
        parts.Put(delta.Nodes, delta.VirtualIps, delta.BackendSets);
        return parts.Build(
            delta.Revision,
            delta.HeartbeatKeys.Count == 0 ? from.HeartbeatKeys : HeartbeatKeyMapping.Read(delta.HeartbeatKeys, problems));
    }

    private static void Compare<TCore, TProto>(
        ImmutableArray<TCore> from,
        ImmutableArray<TCore> to,
        Func<TCore, string> key,
        Func<TCore, TProto> toProto,
        ICollection<TProto> changed,
        ICollection<string> removed)
        where TCore : class
        where TProto : IMessage<TProto>
    {
        if (from == to)
        {
            return;
        }

        var before = from.ToDictionary(key, StringComparer.Ordinal);
        foreach (var item in to)
        {
            // Objects that did not change are mostly the same instance; only the others are compared by value.
            if (before.Remove(key(item), out var old))
            {
                if (ReferenceEquals(old, item))
                {
                    continue;
                }

                var message = toProto(item);
                if (!message.Equals(toProto(old)))
                {
                    changed.Add(message);
                }
            }
            else
            {
                changed.Add(toProto(item));
            }
        }

        foreach (var name in before.Keys.Order(StringComparer.Ordinal))
        {
            removed.Add(name);
        }
    }

    private static bool SameKeys(ImmutableArray<HeartbeatKey> left, ImmutableArray<HeartbeatKey> right) =>
        left == right || left.Select(HeartbeatKeyMapping.ToProto).SequenceEqual(right.Select(HeartbeatKeyMapping.ToProto));
}
