namespace Mooring.Controller.Agents;

internal enum ProbeState
{
    /// <summary>No answer yet.</summary>
    Asked,

    /// <summary>Nobody answered, or the agent did not say in time.</summary>
    Free,

    /// <summary>A machine that is no node of ours uses it.</summary>
    Occupied,
}
