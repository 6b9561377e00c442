namespace Mooring.Core.Placement;

/// <summary>One question asked of a node.</summary>
/// <param name="Reason">What a failure is called in status.</param>
/// <param name="Test">Null when the node passes, else the message for a person.</param>
/// <param name="NeedsAgent">
/// The answer rests on what the agent reports, so it is not asked of a holder whose agent is expected back.
/// </param>
internal sealed record EligibilityCheck(
    IneligibleReason Reason,
    Func<PlacementRequest, NodeFacts, EligibilityContext, string?> Test,
    bool NeedsAgent = false);
