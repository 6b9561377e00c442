namespace Mooring.Controller.Agents.Admission;

/// <summary>Why an agent was turned away, or its stream ended.</summary>
internal enum ConnectionRefusal
{
    /// <summary>There was no <c>authorization: Bearer</c>.</summary>
    NoToken,

    /// <summary>The API server does not know the token: forged, expired, of a pod that is gone, or for another audience.</summary>
    TokenRefused,

    /// <summary>Another account's than that of the agents.</summary>
    OtherAccount,

    /// <summary>Bound to no pod, or to a pod that is on no node.</summary>
    NoNode,

    /// <summary>It speaks for another node than that of its pod.</summary>
    OtherNode,

    /// <summary>Its address failed too often of late.</summary>
    TooManyAttempts,

    /// <summary>The API server could not be asked.</summary>
    NotReviewed,
}
