namespace Mooring.Sandbox.Probing;

/// <summary>A request was answered, but not well.</summary>
/// <param name="kind">A short word that failures are counted by.</param>
internal sealed class ProbeFailedException(string kind) : Exception(kind);
