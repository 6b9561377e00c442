using System.Collections.Immutable;
using System.Runtime.InteropServices;
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

        if (OnlyContentsOfSets(delta) && PositionsOf(delta.BackendSets, from.BackendSets) is { } positions)
        {
            return ReplaceSets(from, delta, positions, problems);
        }

        var parts = new SnapshotParts(problems);
        parts.Load(from);
        parts.Remove(delta.RemovedNodes, delta.RemovedVirtualIps, delta.RemovedBackendSets);
        parts.Put(delta.Nodes, delta.VirtualIps, delta.BackendSets);
        return parts.Build(
            delta.Revision,
            delta.HeartbeatKeys.Count == 0 ? from.HeartbeatKeys : HeartbeatKeyMapping.Read(delta.HeartbeatKeys, problems));
    }

    private static bool OnlyContentsOfSets(Proto.Delta delta) =>
        delta.Nodes.Count == 0 && delta.VirtualIps.Count == 0 && delta.HeartbeatKeys.Count == 0
        && delta.RemovedNodes.Count == 0 && delta.RemovedVirtualIps.Count == 0 && delta.RemovedBackendSets.Count == 0;

    /// <summary>Where sets with these names are, or null when one is new or there twice.</summary>
    private static int[]? PositionsOf(IReadOnlyList<Proto.BackendSet> changed, ImmutableArray<BackendSet> sets)
    {
        var positions = new int[changed.Count];
        for (var i = 0; i < positions.Length; i++)
        {
            var (low, high) = (0, sets.Length - 1);
            while (low < high)
            {
                var middle = (low + high) / 2;
                (low, high) = string.CompareOrdinal(sets[middle].Id, changed[i].Id) < 0 ? (middle + 1, high) : (low, middle);
            }

            if (low >= sets.Length || sets[low].Id != changed[i].Id)
            {
                return null;
            }

            positions[i] = low;
        }

        return positions.Distinct().Count() == positions.Length ? positions : null;
    }

    /// <summary>
    /// The change of an endpoint, the most frequent of all: which objects there are and what they refer to stays as it was,
    /// so none of the thousands of others is looked at.
    /// </summary>
    private static SnapshotResult ReplaceSets(ClusterSnapshot before, Proto.Delta delta, int[] positions, ProblemList problems)
    {
        var sets = before.BackendSets.AsSpan().ToArray();
        for (var i = 0; i < positions.Length; i++)
        {
            sets[positions[i]] = BackendSetMapping.Read(delta.BackendSets[i], $"backend_sets[{i}]", problems);
        }

        return problems.IsEmpty
            ? SnapshotResult.Of(before with { Revision = delta.Revision, BackendSets = ImmutableCollectionsMarshal.AsImmutableArray(sets) })
            : SnapshotResult.Refused(problems);
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
