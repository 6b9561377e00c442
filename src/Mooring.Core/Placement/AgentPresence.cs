namespace Mooring.Core.Placement;

/// <summary>Whether the agent of a node can be told anything.</summary>
public enum AgentPresence
{
    /// <summary>No agent, or one that has been away for longer than the grace period.</summary>
    Absent,

    /// <summary>
    /// Away for less than the grace period, or not yet back since the controller started. It may well be holding
    /// addresses, so it keeps those it holds and is given no new ones.
    /// </summary>
    Expected,

    /// <summary>Its stream is up.</summary>
    Connected,
}
