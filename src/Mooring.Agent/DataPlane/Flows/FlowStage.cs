namespace Mooring.Agent.DataPlane.Flows;

/// <summary>How far a tracked flow has got.</summary>
internal enum FlowStage
{
    Any,

    /// <summary>A TCP handshake that the backend has not answered.</summary>
    Unanswered,

    /// <summary>A TCP connection that is over, and tracked for what may still come of it.</summary>
    Closed,
}
