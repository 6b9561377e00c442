namespace Mooring.Sandbox.Probing;

/// <summary>One way to ask: a new connection, one answer.</summary>
internal interface IProbeTarget
{
    /// <returns>Name of the pod that answered, empty when the answer does not say.</returns>
    /// <exception cref="ProbeFailedException">There was an answer, and it was not a good one.</exception>
    Task<string> AskAsync(CancellationToken cancellationToken);
}
