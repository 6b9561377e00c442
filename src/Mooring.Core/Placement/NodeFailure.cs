namespace Mooring.Core.Placement;

/// <summary>That a node failed lately, and until when it ranks behind the others for it.</summary>
/// <param name="At">When it failed last.</param>
/// <param name="Reason">CamelCase, as in <see cref="Failover.HolderChangeReason"/>.</param>
/// <param name="Until">When it is forgiven.</param>
public sealed record NodeFailure(DateTimeOffset At, string Reason, DateTimeOffset Until);
