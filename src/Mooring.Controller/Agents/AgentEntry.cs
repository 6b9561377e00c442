using System.Collections.Immutable;
using Mooring.Controller.World;
using Mooring.Core.Placement;

namespace Mooring.Controller.Agents;

/// <summary>What is kept of one node's agent, with or without a stream.</summary>
internal sealed class AgentEntry(string node, long since)
{
    private AgentFacts? _shown;
    private AgentFacts? _shownOf;
    private bool _shownFailing;

    public string Node { get; } = node;

    public AgentSession? Session { get; set; }

    /// <summary>Timestamp since when there is no stream.</summary>
    public long AwaySince { get; set; } = since;

    /// <summary>It was not back within the grace.</summary>
    public bool GivenUp { get; set; }

    public AgentFacts Facts { get; set; } = new() { Node = node, Presence = AgentPresence.Expected };

    public ulong AppliedRevision { get; set; }

    public ImmutableArray<Refusal> Refusals { get; private set; } = [];

    /// <summary>Since when it refuses everything; null while it does not.</summary>
    public long? FailingSince { get; private set; }

    /// <summary>It has refused everything for so long that it is not to hold addresses.</summary>
    public bool CannotForward { get; set; }

    public ImmutableDictionary<EndpointKey, EndpointVerdict> Health { get; private set; } =
        ImmutableDictionary<EndpointKey, EndpointVerdict>.Empty;

    private bool _mayNameOthers;

    /// <summary>Null until the stream has told.</summary>
    public ImmutableDictionary<EndpointKey, EndpointLoadReport>? Loads { get; set; }

    public void Refuse(ImmutableArray<Refusal> refusals, long now)
    {
        Refusals = refusals;
        FailingSince = refusals.Any(refusal => refusal.ConcernsAll) ? FailingSince ?? now : null;
        CannotForward &= FailingSince is not null;
    }

    /// <summary>Takes verdicts as the agent gave them, which may be of endpoints that are in no set.</summary>
    public void Judge(ImmutableDictionary<EndpointKey, EndpointVerdict> health) => (Health, _mayNameOthers) = (health, true);

    /// <summary>Forgets endpoints that are in no set.</summary>
    /// <param name="gone">Those that were in one until now.</param>
    /// <param name="all">All that are in one.</param>
    public void Prune(EndpointKey[] gone, Lazy<HashSet<EndpointKey>> all)
    {
        Health = Health.RemoveRange(_mayNameOthers ? Health.Keys.Where(key => !all.Value.Contains(key)) : gone);
        _mayNameOthers = false;
    }

    /// <summary>The facts with what is known here: the same instance as long as nothing changes.</summary>
    public AgentFacts Shown() =>
        _shown is { } shown && ReferenceEquals(_shownOf, Facts) && _shownFailing == CannotForward
        && shown.Presence == Presence && shown.AppliedRevision == AppliedRevision
            ? shown
            : Show();

    private AgentFacts Show()
    {
        (_shownOf, _shownFailing) = (Facts, CannotForward);
        return _shown = Facts with
        {
            Presence = Presence,
            AppliedRevision = AppliedRevision,
            CannotForward = CannotForward ? Refusals.First(refusal => refusal.ConcernsAll).Message : Facts.CannotForward,
        };
    }

    public AgentPresence Presence =>
        Session is not null ? AgentPresence.Connected : GivenUp ? AgentPresence.Absent : AgentPresence.Expected;
}
