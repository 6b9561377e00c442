using Mooring.Linux.Namespaces;

namespace Mooring.Agent.DataPlane.Flows;

/// <summary>
/// Cuts flows in conntrack beside everything else: the kernel walks its whole table for it (262,144 buckets take some
/// milliseconds), which the next change of the data plane does not wait for. What comes in meanwhile is cut in one go.
/// </summary>
/// <param name="place">Where the flows are; null for the namespace of the process.</param>
/// <param name="failed">Called with what went wrong; the flows end by their own timeouts then.</param>
internal sealed class FlowCutter(NetworkNamespace? place, Action<Exception> failed)
{
    private readonly Lock _gate = new();
    private readonly HashSet<FlowCut> _pending = [];
    private bool _running;

    /// <summary>Completes when nothing is left to cut.</summary>
    public Task Done { get; private set; } = Task.CompletedTask;

    public void Cut(IReadOnlyCollection<FlowCut> cuts)
    {
        lock (_gate)
        {
            _pending.UnionWith(cuts);
            if (!_running && _pending.Count > 0)
            {
                _running = true;
                Done = Task.Run(Work);
            }
        }
    }

    private void Work()
    {
        while (Take() is { } cuts)
        {
            try
            {
                _ = place is null ? StaleFlows.Cut(cuts) : place.Run(() => StaleFlows.Cut(cuts));
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
