using System.Collections.Immutable;
using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Mooring.Core.Balancing;
using Mooring.Core.Snapshots;

namespace Mooring.Core.DataPlane;

/// <summary>
/// What one node does with each slot of a backend set: the published owners, but for endpoints that this node's checks
/// found unfit, whose slots go to the others as they will when the controller publishes a table without them.
/// </summary>
internal static class DirectPlanner
{
    /// <summary>
    /// The last plan of each assignment. Filling slots is most of the work of a plan, and of ten thousand assignments
    /// few change at a time; an unchanged one is the same instance in the next snapshot.
    /// </summary>
    private static readonly ConditionalWeakTable<SlotAssignment, Made> LastPlans = [];

    /// <param name="slots">Of the set, for one family.</param>
    /// <param name="set">The set.</param>
    /// <param name="nodeName">The node the plan is for.</param>
    /// <param name="isHealthy">Verdict by backend set and endpoint, null for none.</param>
    /// <param name="earlier">What was in force before: nodes that stood in for others have flows that no published table knows of.</param>
    public static DirectForwarding Plan(
        SlotAssignment slots, BackendSet set, string nodeName, Func<string, IPEndPoint, bool?> isHealthy, DirectForwarding? earlier)
    {
        var backends = set.Backends.ToDictionary(backend => backend.EndPoint);
        var here = new bool[slots.Members.Length];
        var members = new ForwardedBackend[slots.Members.Length];
        var fit = new bool[slots.Members.Length];
        for (var i = 0; i < members.Length; i++)
        {
            var member = slots.Members[i];
            here[i] = member.Node == nodeName || member.Node is null;
            backends.TryGetValue(member.EndPoint, out var backend);
            fit[i] = backend is { Condition: BackendCondition.Ready, Weight: > 0 } && isHealthy(set.Id, member.EndPoint) != false;
            members[i] = new ForwardedBackend(
                member.EndPoint.Address, (ushort)member.EndPoint.Port, backend?.Weight ?? 1, member.Node == nodeName);
        }

        if (LastPlans.TryGetValue(slots, out var last) && last.Is(set, nodeName, fit, earlier))
        {
            return last.Plan;
        }

        var plan = Plan(slots, set, nodeName, members, here, fit, earlier?.Size <= slots.Size ? earlier : null);
        LastPlans.AddOrUpdate(slots, new Made(set, nodeName, fit, earlier, plan));
        return plan;
    }

    private static DirectForwarding Plan(
        SlotAssignment slots, BackendSet set, string nodeName, ForwardedBackend[] members, bool[] here, bool[] fit,
        DirectForwarding? earlier)
    {
        var nodes = set.Backends.Select(backend => backend.NodeName).ToHashSet();
        var instead = fit.All(one => one) ? null
            : Table(fit, some => SlotGenerations.Owners(
                slots, [.. some.Select(i => members[i])], i => slots.Members[some[i]].Node, slots.Size));
        var local = Table(
            [.. fit.Select((one, i) => one && members[i].Local)],
            some => MaglevTable.Build([.. some.Select(i => members[i])], slots.Size).Backends);
        var owners = new string?[slots.Size];
        var previous = new List<string?[]>();
        var endpoints = new ForwardedBackend?[slots.Size];
        for (var slot = 0; slot < slots.Size; slot++)
        {
            int published = slots.Owners[slot];

            // A table that grows has each slot in parts.
            var before = earlier is null ? 0 : (int)((long)slot * earlier.Size / slots.Size);
            var owner = fit[published] || instead is null ? published : instead[slot];
            owners[slot] = here[owner] ? null : slots.Members[owner].Node;
            Remember(
                previous,
                slot,
                slots.Size,
                new[] { Known(earlier?.Owners[before]), slots.Members[published].Node }
                    .Concat(earlier?.Previous.Select(depth => Known(depth[before])) ?? [])
                    .Concat(slots.HistoryOf(slot))
                    .Where(node => node is not null && node != nodeName && node != owners[slot])
                    .Distinct());
            endpoints[slot] = here[owner] && fit[owner] ? members[owner] : local is null ? null : members[local[slot]];
        }

        return new DirectForwarding
        {
            ByClient = set.ClientAffinityTimeout is not null || set.Algorithm == BalancingAlgorithm.SourceIpHash,
            Owners = [.. owners],
            Previous = [.. previous.Select(nodes => ImmutableCollectionsMarshal.AsImmutableArray(nodes))],
            Endpoints = [.. endpoints],
            Open = fit.Any(one => one),
        };

        // A node without an endpoint of the set has no flows of it any more.
        string? Known(string? node) => nodes.Contains(node) ? node : null;
    }

    private sealed record Made(BackendSet Set, string NodeName, bool[] Fit, DirectForwarding? Earlier, DirectForwarding Plan)
    {
        public bool Is(BackendSet set, string nodeName, bool[] fit, DirectForwarding? earlier) =>
            ReferenceEquals(Set, set) && NodeName == nodeName && Fit.AsSpan().SequenceEqual(fit)
            && (ReferenceEquals(Earlier, earlier) || ReferenceEquals(Plan, earlier));
    }

    private static void Remember(List<string?[]> previous, int slot, int size, IEnumerable<string?> nodes)
    {
        var depth = 0;
        foreach (var node in nodes.Take(SlotAssignment.MaxHistory))
        {
            if (previous.Count <= depth)
            {
                previous.Add(new string?[size]);
            }

            previous[depth++][slot] = node;
        }
    }

    /// <summary>By slot, the index of a member among those that count; null when none does.</summary>
    private static int[]? Table(bool[] counts, Func<int[], IEnumerable<int>> build)
    {
        var indexes = Enumerable.Range(0, counts.Length).Where(i => counts[i]).ToArray();
        return indexes.Length == 0 ? null : [.. build(indexes).Select(i => indexes[i])];
    }
}
