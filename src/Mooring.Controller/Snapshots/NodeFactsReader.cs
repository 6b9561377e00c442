using System.Collections.Immutable;
using k8s.Models;
using Mooring.Controller.World;
using Mooring.Core.Placement;

namespace Mooring.Controller.Snapshots;

/// <summary>Joins what Kubernetes and what the agent say of each node.</summary>
internal static class NodeFactsReader
{
    public static IReadOnlyCollection<NodeFacts> Read(ClusterWorld world, BuildMemory memory)
    {
        var failures = world.Failures.Unforgiven(world.Now, world.Policy.FailureHalfLife);
        var facts = world.Nodes.Select(node => Read(node, world, failures, memory)).ToList();
        var named = facts.Select(node => node.Name).ToHashSet(StringComparer.Ordinal);

        // An agent on a node that Kubernetes does not know is shown with the reason rather than not at all.
        facts.AddRange(world.Agents.Values
            .Where(agent => agent.Presence != AgentPresence.Absent && !named.Contains(agent.Node))
            .Select(agent => new NodeFacts
            {
                Name = agent.Node,
                Agent = agent.Presence,
                Ready = false,
                Interfaces = agent.Interfaces,
            }));
        return facts;
    }

    private static NodeFacts Read(
        V1Node node, ClusterWorld world, ImmutableDictionary<string, NodeFailure> failures, BuildMemory memory)
    {
        var name = node.Metadata.Name ?? "";
        var agent = world.Agents.GetValueOrDefault(name);
        var failure = failures.GetValueOrDefault(name);
        return memory.Node(node, agent, failure, () => new NodeFacts
        {
            Name = name,
            Agent = agent?.Presence ?? AgentPresence.Absent,
            Ready = HasCondition(node, "Ready"),
            NetworkUnavailable = HasCondition(node, "NetworkUnavailable"),
            Draining = IsDraining(node),
            RecentFailure = failure,
            Unschedulable = node.Spec?.Unschedulable ?? false,
            Labels = (node.Metadata.Labels ?? new Dictionary<string, string>()).ToImmutableDictionary(),
            Interfaces = agent is { Presence: not AgentPresence.Absent } ? agent.Interfaces : [],
            CannotForward = agent?.CannotForward,
        });
    }

    private static bool IsDraining(V1Node node) =>
        node.Metadata.Annotations is { } annotations
        && annotations.TryGetValue(NodeFacts.DrainAnnotation, out var value)
        && string.Equals(value, "true", StringComparison.OrdinalIgnoreCase);

    private static bool HasCondition(V1Node node, string type) =>
        (node.Status?.Conditions ?? []).Any(condition => condition.Type == type && condition.Status == "True");
}
