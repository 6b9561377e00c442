using Mooring.Linux.Namespaces;

namespace Mooring.Agent.DataPlane.Flows;

/// <summary>
/// Cuts flows in conntrack beside everything else: the kernel walks its whole table for it (262,144 buckets take some
/// milliseconds), which the next change of the data plane does not wait for. What comes in meanwhile is cut in one go.
/// </summary>
/// <param name="place">Where the flows are; null for the namespace of the process.</param>
/// <param name="delay">How long what is to be cut is left alone first.</param>
/// <param name="time">For the delay.</param>
/// <param name="failed">Called with what went wrong; the flows end by their own timeouts then.</param>
internal sealed class FlowCutter(NetworkNamespace? place, TimeSpan delay, TimeProvider time, Action<Exception> failed) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly HashSet<FlowCut> _pending = [];
    private readonly CancellationTokenSource _end = new();
    private bool _running;

    /// <summary>Completes when nothing is left to cut.</summary>
    public Task Done { get; private set; } = Task.CompletedTask;

    public void Cut(IEnumerable<FlowCut> cuts)
    {
        lock (_gate)
        {
            _pending.UnionWith(cuts);
            if (!_running && _pending.Count > 0)
            {
                _running = true;
                Done = Task.Run(WorkAsync);
            }
        }
    }

    /// <summary>What is delayed is given up.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await Done.ConfigureAwait(false);
        _end.Dispose();
    }

    private async Task WorkAsync()
    {
        while (Take() is { } cuts)
        {
            try
            {
                await Task.Delay(delay, time, _end.Token).ConfigureAwait(false);
                _ = place is null ? StaleFlows.Cut(cuts) : place.Run(() => StaleFlows.Cut(cuts));
            }
            catch (OperationCanceledException)
            {
                // The agent stops.
            }
            catch (Exception exception)
            {
                failed(exception);
            }
        }
    }

    private HashSet<FlowCut>? Take()
    {
        lock (_gate)
        {
            if (_pending.Count == 0)
            {
                _running = false;
                return null;
            }

            var cuts = _pending.ToHashSet();
            _pending.Clear();
            return cuts;
        }
    }
}
