namespace Mooring.Core.Placement;

/// <param name="Node">Name of the node.</param>
/// <param name="Reason">The first check that failed.</param>
/// <param name="Message">What was found and what would pass, for a person.</param>
public sealed record RejectedNode(string Node, IneligibleReason Reason, string Message);
