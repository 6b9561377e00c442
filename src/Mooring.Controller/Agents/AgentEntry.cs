using System.Collections.Immutable;
using Mooring.Controller.World;
using Mooring.Core.Placement;

namespace Mooring.Controller.Agents;

/// <summary>What is kept of one node's agent, with or without a stream.</summary>
internal sealed class AgentEntry(string node, long since)
{
    public string Node { get; } = node;

    public AgentSession? Session { get; set; }

    /// <summary>Timestamp since when there is no stream.</summary>
    public long AwaySince { get; set; } = since;

    /// <summary>It was not back within the grace.</summary>
    public bool GivenUp { get; set; }

    public AgentFacts Facts { get; set; } = new() { Node = node, Presence = AgentPresence.Expected };

    public ulong AppliedRevision { get; set; }

    public ImmutableArray<Refusal> Refusals { get; set; } = [];

    public ImmutableDictionary<EndpointKey, EndpointVerdict> Health { get; set; } =
        ImmutableDictionary<EndpointKey, EndpointVerdict>.Empty;

    /// <summary>Null until the stream has told.</summary>
    public ImmutableDictionary<EndpointKey, EndpointLoadReport>? Loads { get; set; }

    public AgentPresence Presence =>
        Session is not null ? AgentPresence.Connected : GivenUp ? AgentPresence.Absent : AgentPresence.Expected;
}
