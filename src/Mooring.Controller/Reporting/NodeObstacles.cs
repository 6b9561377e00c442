using System.Collections.Immutable;
using System.Net;
using Mooring.Controller.World;
using Mooring.Core.DataPlane;
using Mooring.Core.Placement;

namespace Mooring.Controller.Reporting;

/// <summary>What connected agents find in the way on their nodes, put in order once for all VirtualIps.</summary>
internal sealed class NodeObstacles
{
    private readonly ImmutableArray<(string Node, string Problem)> _general;
    private readonly ILookup<IPAddress, (string Node, string Problem)> _byAddress;

    public NodeObstacles(IEnumerable<AgentFacts> agents)
    {
        var troubled = agents
            .Where(agent => agent.Presence == AgentPresence.Connected && !(agent.Problems.IsEmpty && agent.AddressProblems.IsEmpty))
            .OrderBy(agent => agent.Node, StringComparer.Ordinal)
            .ToArray();
        _general =
        [
            .. troubled.SelectMany(agent => agent.Problems
                .Where(problem => !problem.StartsWith(DirectProblem.Prefix, StringComparison.Ordinal))
                .Select(problem => (agent.Node, problem))),
        ];
        _byAddress = troubled
            .SelectMany(agent => agent.AddressProblems.Select(problem => (problem.Address, Entry: (agent.Node, problem.Message))))
            .ToLookup(problem => problem.Address, problem => problem.Entry);
    }

    /// <summary>Those that concern one of the addresses, by node, up to a number of them.</summary>
    public string[] Of(ImmutableArray<IPAddress> addresses, int most)
    {
        if (_general.IsEmpty && _byAddress.Count == 0)
        {
            return [];
        }

        return
        [
            .. _general.Concat(addresses.Distinct().SelectMany(address => _byAddress[address]))
                .OrderBy(entry => entry.Node, StringComparer.Ordinal)
                .Take(most)
                .Select(entry => $"{entry.Node}: {entry.Problem}"),
        ];
    }
}
