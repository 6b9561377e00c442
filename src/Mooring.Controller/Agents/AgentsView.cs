using System.Collections.Immutable;
using System.Net;
using Mooring.Controller.Reporting;
using Mooring.Controller.World;
using Mooring.Core.Placement;

namespace Mooring.Controller.Agents;

/// <summary>What the agents have said, at one moment.</summary>
internal sealed record AgentsView
{
    public static readonly AgentsView Empty = new();

    private (ImmutableDictionary<string, AgentFacts> Agents, NodeObstacles Found)? _obstacles;

    public ImmutableDictionary<string, AgentFacts> Agents { get; init; } =
        ImmutableDictionary<string, AgentFacts>.Empty;

    public ImmutableDictionary<IPAddress, HolderClaim> Holders { get; init; } =
        ImmutableDictionary<IPAddress, HolderClaim>.Empty;

    public ImmutableDictionary<IPAddress, ulong> Terms { get; init; } = ImmutableDictionary<IPAddress, ulong>.Empty;

    public ImmutableDictionary<IPAddress, HolderMove> Failovers { get; init; } =
        ImmutableDictionary<IPAddress, HolderMove>.Empty;

    /// <summary>Addresses that another machine claims beside their holder, with the latest sight of it.</summary>
    public ImmutableDictionary<IPAddress, ReportedConflict> Contested { get; init; } =
        ImmutableDictionary<IPAddress, ReportedConflict>.Empty;

    /// <summary>Addresses that agents looked for on the network.</summary>
    public ImmutableDictionary<IPAddress, ProbeAnswer> Probes { get; init; } = ImmutableDictionary<IPAddress, ProbeAnswer>.Empty;

    /// <summary>Nodes whose agent can be asked to look.</summary>
    public ImmutableHashSet<string> ProbingNodes { get; init; } = [];

    public FailureMemory Failures { get; init; } = FailureMemory.Empty;

    /// <summary>Verdicts by node, of connected agents only.</summary>
    public ImmutableDictionary<string, ImmutableDictionary<EndpointKey, EndpointVerdict>> Health { get; init; } =
        ImmutableDictionary<string, ImmutableDictionary<EndpointKey, EndpointVerdict>>.Empty;

    /// <summary>Loads by node, of connected agents that have told some.</summary>
    public ImmutableDictionary<string, ImmutableDictionary<EndpointKey, EndpointLoadReport>> Loads { get; init; } =
        ImmutableDictionary<string, ImmutableDictionary<EndpointKey, EndpointLoadReport>>.Empty;

    /// <summary>What each agent could not apply of the last revision it acknowledged.</summary>
    public ImmutableDictionary<string, ImmutableArray<Refusal>> Refusals { get; init; } =
        ImmutableDictionary<string, ImmutableArray<Refusal>>.Empty;

    /// <summary>Some agent has acknowledged a revision.</summary>
    public bool AnyApplied { get; init; }

    /// <summary>What stands in the way on the nodes; looked for once, when it is asked for.</summary>
    public NodeObstacles Obstacles
    {
        get
        {
            if (_obstacles?.Agents != Agents)
            {
                _obstacles = (Agents, new NodeObstacles(Agents.Values));
            }

            return _obstacles.Value.Found;
        }
    }
}
