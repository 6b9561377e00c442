using Mooring.Agent.DataPlane.Plans;
using Mooring.Core.DataPlane;
using Mooring.Linux.Namespaces;

namespace Mooring.Agent.DataPlane.Flows;

/// <summary>Finds what is to be cut of tracked flows from one state to the next, and has it cut beside everything else.</summary>
/// <param name="place">Where the flows are; null for the namespace of the process.</param>
/// <param name="time">For drain timeouts and delays.</param>
/// <param name="failed">Called with what went wrong.</param>
internal sealed class StaleFlowCutting(NetworkNamespace? place, TimeProvider time, Action<Exception> failed) : IAsyncDisposable
{
    /// <summary>
    /// An endpoint that fails its check may answer handshakes all the same, and this long they are given: shorter than the second after
    /// which clients send their next SYN.
    /// </summary>
    public static readonly TimeSpan AnswerTime = TimeSpan.FromMilliseconds(250);

    private readonly StaleFlows _flows = new(time);
    private readonly FlowCutter _all = new(place, TimeSpan.Zero, time, failed);
    private readonly FlowCutter _unanswered = new(place, AnswerTime, time, failed);

    /// <summary>Completes when nothing is left to cut.</summary>
    public Task Done => Task.WhenAll(_all.Done, _unanswered.Done);

    /// <inheritdoc cref="StaleFlows.Due"/>
    public bool Due => _flows.Due;

    /// <inheritdoc cref="StaleFlows.Adopt"/>
    public void Adopt(TablePlan found) => _flows.Adopt(found);

    /// <inheritdoc cref="StaleFlows.RulesWereAway"/>
    public void RulesWereAway() => _flows.RulesWereAway();

    /// <summary>Begins to cut what is stale in the state.</summary>
    /// <inheritdoc cref="StaleFlows.Advance"/>
    public void Advance(DataPlaneState desired, IReadOnlySet<string>? refused = null)
    {
        var cuts = _flows.Advance(desired, refused);
        _all.Cut(cuts.Where(cut => cut.Stage != FlowStage.Unanswered));
        _unanswered.Cut(cuts.Where(cut => cut.Stage == FlowStage.Unanswered));
    }

    public async ValueTask DisposeAsync()
    {
        await _all.DisposeAsync().ConfigureAwait(false);
        await _unanswered.DisposeAsync().ConfigureAwait(false);
    }
}
