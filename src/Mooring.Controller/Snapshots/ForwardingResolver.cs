using Mooring.Controller.Validation;
using Mooring.Controller.World;
using Mooring.Core.Placement;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Snapshots;

/// <summary>Direct where every agent can, else Nat: both ends of a handed-on packet need it.</summary>
internal static class ForwardingResolver
{
    public static ForwardingEvaluation Resolve(ForwardingChoice choice, IEnumerable<AgentFacts> agents)
    {
        if (choice == ForwardingChoice.Nat)
        {
            return new ForwardingEvaluation(ForwardingMode.Nat, "Requested", "spec.forwarding is Nat");
        }

        var known = agents.Where(agent => agent.Presence != AgentPresence.Absent).ToArray();
        var unable = known
            .Where(agent => !agent.ForwardingModes.Contains(ForwardingMode.Direct))
            .Select(agent => agent.Node)
            .Order(StringComparer.Ordinal)
            .ToArray();
        if (known.Length > 0 && unable.Length == 0)
        {
            return new ForwardingEvaluation(
                ForwardingMode.Direct,
                choice == ForwardingChoice.Direct ? "Requested" : "EveryAgentCan",
                "every agent can forward directly");
        }

        return new ForwardingEvaluation(
            ForwardingMode.Nat,
            choice == ForwardingChoice.Direct ? "DirectUnsupported" : "NotEveryAgentCan",
            known.Length == 0
                ? "no agent has said what it can"
                : $"no direct forwarding on {string.Join(", ", unable.Take(10))}"
                    + (unable.Length > 10 ? $" and {unable.Length - 10} more" : ""));
    }
}
