using Mooring.Controller.Validation;
using Mooring.Controller.World;
using Mooring.Core.DataPlane;
using Mooring.Core.Placement;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Snapshots;

/// <summary>Direct where every agent can, else Nat: both ends of a handed-on packet need it.</summary>
internal sealed class ForwardingResolver
{
    private const int MaxNamed = 10;

    private readonly bool _everyAgentCan;

    /// <summary>Why <see cref="_everyAgentCan"/> is false.</summary>
    private readonly string _problem;

    /// <summary>Asks the agents once for all VirtualIps.</summary>
    public ForwardingResolver(IEnumerable<AgentFacts> agents)
    {
        // One that is expected back after this controller's start has not said yet what it can, and is no reason to
        // change the mode of live connections.
        var known = agents
            .Where(agent => agent.Presence == AgentPresence.Connected
                || (agent.Presence == AgentPresence.Expected && !agent.ForwardingModes.IsEmpty))
            .ToArray();
        var unable = known.Where(agent => !agent.ForwardingModes.Contains(ForwardingMode.Direct)).ToArray();
        _everyAgentCan = known.Length > 0 && unable.Length == 0;
        _problem = known.Length == 0
            ? "no agent has said what it can"
            : $"no direct forwarding on {string.Join(", ", unable.OrderBy(agent => agent.Node, StringComparer.Ordinal).Take(MaxNamed).Select(Describe))}"
                + (unable.Length > MaxNamed ? " and others" : "");
    }

    public ForwardingEvaluation Resolve(VirtualIpSettings vip, IEnumerable<BalancingAlgorithm> algorithms)
    {
        var choice = vip.Forwarding;
        if (choice == ForwardingChoice.Nat)
        {
            return new ForwardingEvaluation(ForwardingMode.Nat, "Requested", "spec.forwarding is Nat");
        }

        if (vip.LocalEndpointsOnly)
        {
            return new ForwardingEvaluation(
                ForwardingMode.Nat, "LocalEndpointsOnly", "spec.trafficPolicy is Local, so nothing is handed on to other nodes");
        }

        if (vip.Ports.FirstOrDefault(port => port.Protocol == TransportProtocol.Sctp) is { } sctp)
        {
            return new ForwardingEvaluation(
                ForwardingMode.Nat,
                "ProtocolNeedsNat",
                $"{sctp.Field} is SCTP, whose associations are not handed on: give it a VirtualIp of its own to have the other ports direct");
        }

        if (choice == ForwardingChoice.Auto
            && algorithms.Any(algorithm => algorithm is BalancingAlgorithm.RoundRobin or BalancingAlgorithm.WeightedRoundRobin))
        {
            return new ForwardingEvaluation(
                ForwardingMode.Nat,
                "AlgorithmTakesTurns",
                "a pool takes turns, which direct forwarding cannot as it remembers nothing; it would hash");
        }

        return _everyAgentCan
            ? new ForwardingEvaluation(
                ForwardingMode.Direct,
                choice == ForwardingChoice.Direct ? "Requested" : "EveryAgentCan",
                "every agent can forward directly")
            : new ForwardingEvaluation(
                ForwardingMode.Nat,
                choice == ForwardingChoice.Direct ? "DirectUnsupported" : "NotEveryAgentCan",
                _problem);
    }

    /// <summary>The node, and why in its agent's words.</summary>
    private static string Describe(AgentFacts agent)
    {
        var problem = agent.Problems.FirstOrDefault(one => one.StartsWith(DirectProblem.Prefix, StringComparison.Ordinal));
        return problem is null ? agent.Node : $"{agent.Node} ({problem[DirectProblem.Prefix.Length..]})";
    }
}
