namespace Mooring.Core.Snapshots;

/// <summary>How packets reach a backend. The controller has already resolved <c>Auto</c>.</summary>
public enum ForwardingMode
{
    /// <summary>Destination NAT on the holder, masquerade where the reply would not come back.</summary>
    Nat,

    /// <summary>Direct server return: the pod's own node translates and answers.</summary>
    Direct,
}
