namespace Mooring.Sandbox.Probing;

/// <summary>A request that failed.</summary>
/// <param name="At">When it was started.</param>
/// <param name="Milliseconds">Until it failed.</param>
/// <param name="Port">That it was asked from; 0 when it is not known.</param>
/// <param name="Error">The word that it is counted by.</param>
internal sealed record ProbeLoss(DateTimeOffset At, double Milliseconds, int Port, string Error);
