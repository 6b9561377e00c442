using System.Collections.Immutable;
using Mooring.Core.Snapshots;
using Proto = Mooring.Protocol.V1Alpha1;

namespace Mooring.Protocol.Snapshots;

/// <summary>The objects of a snapshot by their keys, while it is put together.</summary>
internal sealed class SnapshotParts(ProblemList problems)
{
    private readonly Dictionary<string, NodePeer> _nodes = [];
    private readonly Dictionary<NamespacedName, VirtualIpIntent> _vips = [];
    private readonly Dictionary<string, BackendSet> _sets = [];
    private readonly ObjectReader _top = new("", problems);

    /// <summary>Starts from a snapshot that is good.</summary>
    public void Load(ClusterSnapshot snapshot)
    {
        foreach (var node in snapshot.Nodes)
        {
            _nodes[node.Name] = node;
        }

        foreach (var vip in snapshot.VirtualIps)
        {
            _vips[vip.Key] = vip;
        }

        foreach (var set in snapshot.BackendSets)
        {
            _sets[set.Id] = set;
        }
    }

    public void Remove(IReadOnlyList<string> nodes, IReadOnlyList<string> vips, IReadOnlyList<string> sets)
    {
        for (var i = 0; i < nodes.Count; i++)
        {
            Missing(_nodes.Remove(nodes[i]), $"removed_nodes[{i}]", nodes[i]);
        }

        for (var i = 0; i < vips.Count; i++)
        {
            var slash = vips[i].IndexOf('/');
            var removed = slash > 0 && _vips.Remove(new NamespacedName(vips[i][..slash], vips[i][(slash + 1)..]));
            Missing(removed, $"removed_virtual_ips[{i}]", vips[i]);
        }

        for (var i = 0; i < sets.Count; i++)
        {
            Missing(_sets.Remove(sets[i]), $"removed_backend_sets[{i}]", sets[i]);
        }
    }

    /// <summary>Adds objects, or replaces those with the same key.</summary>
    public void Put(
        IReadOnlyList<Proto.Node> nodes, IReadOnlyList<Proto.VirtualIp> vips, IReadOnlyList<Proto.BackendSet> sets)
    {
        PutAll(nodes, "nodes", SnapshotLimits.MaxNodes, NodeMapping.Read, node => node.Name, _nodes);
        PutAll(vips, "virtual_ips", SnapshotLimits.MaxVirtualIps, VirtualIpMapping.Read, vip => vip.Key, _vips);
        PutAll(sets, "backend_sets", SnapshotLimits.MaxBackendSets, BackendSetMapping.Read, set => set.Id, _sets);
    }

    public SnapshotResult Build(ulong revision, ImmutableArray<HeartbeatKey> keys)
    {
        _top.Count("nodes", _nodes.Count, SnapshotLimits.MaxNodes);
        _top.Count("virtual_ips", _vips.Count, SnapshotLimits.MaxVirtualIps);
        _top.Count("backend_sets", _sets.Count, SnapshotLimits.MaxBackendSets);
        _top.Count("backend_sets[].backends", _sets.Values.Sum(set => set.Backends.Length), SnapshotLimits.MaxBackends);
        if (problems.IsEmpty)
        {
            SnapshotRules.Check(_vips.Values, _sets, problems);
        }

        return problems.IsEmpty
            ? SnapshotResult.Of(new ClusterSnapshot
            {
                Revision = revision,
                Nodes = [.. _nodes.Values.OrderBy(node => node.Name, StringComparer.Ordinal)],
                VirtualIps = SnapshotMapping.Sort(_vips.Values),
                BackendSets = [.. _sets.Values.OrderBy(set => set.Id, StringComparer.Ordinal)],
                HeartbeatKeys = keys,
            })
            : SnapshotResult.Refused(problems);
    }

    private void PutAll<TProto, TCore, TKey>(
        IReadOnlyList<TProto> items,
        string field,
        int max,
        Func<TProto, string, ProblemList, TCore> read,
        Func<TCore, TKey> key,
        Dictionary<TKey, TCore> into)
        where TKey : notnull
    {
        if (!_top.Count(field, items.Count, max))
        {
            return;
        }

        var seen = new HashSet<TKey>();
        for (var i = 0; i < items.Count; i++)
        {
            var item = read(items[i], $"{field}[{i}]", problems);
            if (!seen.Add(key(item)))
            {
                problems.Add("", $"{field}[{i}]", $"'{ObjectReader.Shorten(key(item).ToString()!)}' is there twice");
            }

            into[key(item)] = item;
        }
    }

    private void Missing(bool removed, string field, string key)
    {
        if (!removed)
        {
            _top.Refuse(field, $"'{ObjectReader.Shorten(key)}' is not in the snapshot the delta starts from");
        }
    }
}
