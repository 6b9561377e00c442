namespace Mooring.Sandbox.Probing;

/// <summary>What became of one request.</summary>
/// <param name="Start">Since the probe's start.</param>
/// <param name="Latency">From the start of the request to its answer or failure.</param>
/// <param name="Pod">Who answered; empty when the answer does not say.</param>
/// <param name="Error">Null for an answer in time, else a short word that failures are counted by.</param>
internal sealed record ProbeSample(TimeSpan Start, TimeSpan Latency, string Pod, string? Error)
{
    /// <summary>That it was asked from; 0 when it is not known.</summary>
    public int Port { get; init; }

    public bool Failed => Error is not null;
}
