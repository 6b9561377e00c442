namespace Mooring.Core.Failover;

/// <summary>Why a node took or gave up an address. The names appear in status and Events, so they do not change.</summary>
public enum HolderChangeReason
{
    /// <summary>Nobody held the address.</summary>
    InitialClaim,

    /// <summary>The holder was not heard for its detection time.</summary>
    HeartbeatTimeout,

    /// <summary>The holder said that it had stopped answering.</summary>
    Released,

    /// <summary>The holder's agent came back after a restart without the address.</summary>
    HolderRestarted,

    /// <summary>A move asked for by the controller or by the agent's shutdown.</summary>
    Planned,

    /// <summary>Another node claims the address with a better term.</summary>
    HigherTerm,

    /// <summary>No interface that is up has the address's subnet.</summary>
    LinkDown,

    /// <summary>The agent did not run for so long that its deadline passed.</summary>
    DeadlinePassed,

    /// <summary>Neither another candidate nor the controller nor the gateway was heard.</summary>
    Isolated,

    /// <summary>The address is gone from the snapshot, or no node may hold it.</summary>
    Removed,

    /// <summary>The address could not be announced.</summary>
    AnnounceFailed,
}
