namespace Mooring.Core.Failover;

/// <summary>On what ground a node may answer for an address, the best it has.</summary>
internal enum HoldingEvidence
{
    /// <summary>There are other candidates, a controller and a gateway, and none of them is heard.</summary>
    None,

    /// <summary>Nobody else may hold the address.</summary>
    NoOtherCandidate,

    /// <summary>Another candidate is heard.</summary>
    Candidate,

    /// <summary>No other candidate is heard; the controller is.</summary>
    Controller,

    /// <summary>Only the gateway of the address's network is heard.</summary>
    Gateway,

    /// <summary>Nothing is heard, no gateway is known, and the link is up.</summary>
    LinkOnly,
}
