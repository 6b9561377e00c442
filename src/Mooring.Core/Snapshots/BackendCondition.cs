namespace Mooring.Core.Snapshots;

/// <summary>What Kubernetes says of an endpoint; an agent's own health check can only take away from it.</summary>
public enum BackendCondition
{
    /// <summary>Takes new flows unless a health check says otherwise.</summary>
    Ready,

    /// <summary>Takes no new flows; established ones go on until the drain timeout.</summary>
    Draining,

    /// <summary>Takes no flows.</summary>
    NotReady,
}
