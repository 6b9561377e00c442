namespace Mooring.Core.Placement;

/// <summary>Why a node may not hold an address. The names appear in status, so they do not change.</summary>
public enum IneligibleReason
{
    AgentNotConnected,
    NodeNotReady,
    Draining,
    ExcludedByLabel,
    NodeSelectorMismatch,
    NetworkUnavailable,
    NoInterfaceInSubnet,
    InterfaceDown,

    /// <summary>The address is a node's own, or the network or broadcast address of the subnet.</summary>
    AddressUnusable,

    /// <summary>The policy needs a ready endpoint on the holder and this node has none.</summary>
    NoLocalEndpoints,

    /// <summary>The node's data plane fails altogether. Counts only while another node passes all checks.</summary>
    CannotForward,
}
