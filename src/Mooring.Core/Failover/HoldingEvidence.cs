namespace Mooring.Core.Failover;

/// <summary>On what ground a holder goes on answering, the best it has.</summary>
internal enum HoldingEvidence
{
    /// <summary>Nobody else may hold the address.</summary>
    NoOtherCandidate,

    /// <summary>A candidate is heard and says that it hears this node.</summary>
    Standby,

    /// <summary>No candidate is heard; the controller is.</summary>
    Controller,

    /// <summary>Nothing is heard, and the link is up.</summary>
    LinkOnly,
}
