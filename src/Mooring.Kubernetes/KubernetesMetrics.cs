using System.Diagnostics.Metrics;

namespace Mooring.Kubernetes;

/// <summary>What this layer counts. Labels hold kinds, verbs, codes and names of controllers, never of objects.</summary>
public sealed class KubernetesMetrics
{
    public const string MeterName = "Mooring.Kubernetes";

    private readonly Counter<long> _requests;
    private readonly Histogram<double> _requestDuration;
    private readonly Counter<long> _retries;
    private readonly Counter<long> _informerChanges;
    private readonly Counter<long> _informerLists;
    private readonly Counter<long> _informerFaults;
    private readonly Counter<long> _reconciles;
    private readonly Histogram<double> _reconcileDuration;
    private readonly UpDownCounter<long> _queueDepth;
    private readonly UpDownCounter<long> _leading;
    private readonly Counter<long> _events;

    public KubernetesMetrics(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        var meter = meters.Create(MeterName);
        _requests = meter.CreateCounter<long>(
            "mooring_kubernetes_requests_total", description: "Answers of the API server by verb and status code.");
        _requestDuration = meter.CreateHistogram<double>(
            "mooring_kubernetes_request_duration_seconds", "s", "Time to the head of the answer, by verb.");
        _retries = meter.CreateCounter<long>(
            "mooring_kubernetes_request_retries_total", description: "Requests sent again after 429 or 5xx.");
        _informerChanges = meter.CreateCounter<long>(
            "mooring_kubernetes_informer_changes_total", description: "Changes of an informer's store by kind.");
        _informerLists = meter.CreateCounter<long>(
            "mooring_kubernetes_informer_lists_total", description: "Full lists by kind; more than one is a relist.");
        _informerFaults = meter.CreateCounter<long>(
            "mooring_kubernetes_informer_faults_total", description: "Lists and watches that failed, by kind.");
        _reconciles = meter.CreateCounter<long>(
            "mooring_kubernetes_reconciles_total", description: "Reconciles by controller and result.");
        _reconcileDuration = meter.CreateHistogram<double>(
            "mooring_kubernetes_reconcile_duration_seconds", "s", "Duration of a reconcile by controller.");
        _queueDepth = meter.CreateUpDownCounter<long>(
            "mooring_kubernetes_workqueue_depth", description: "Keys ready to be worked on, by queue.");
        _leading = meter.CreateUpDownCounter<long>(
            "mooring_kubernetes_leader", description: "1 while this process holds the lease.");
        _events = meter.CreateCounter<long>(
            "mooring_kubernetes_events_total", description: "Events recorded, by what became of them.");
    }

    internal void RequestAnswered(string verb, int code, TimeSpan duration)
    {
        _requests.Add(1, Tag("verb", verb), Tag("code", code));
        _requestDuration.Record(duration.TotalSeconds, Tag("verb", verb));
    }

    internal void RequestRetried(string verb) => _retries.Add(1, Tag("verb", verb));

    internal void InformerChanged(string kind) => _informerChanges.Add(1, Tag("kind", kind));

    internal void InformerListed(string kind) => _informerLists.Add(1, Tag("kind", kind));

    internal void InformerFailed(string kind) => _informerFaults.Add(1, Tag("kind", kind));

    internal void Reconciled(string controller, string result, TimeSpan duration)
    {
        _reconciles.Add(1, Tag("controller", controller), Tag("result", result));
        _reconcileDuration.Record(duration.TotalSeconds, Tag("controller", controller));
    }

    internal void QueueDepthChanged(string queue, int by) => _queueDepth.Add(by, Tag("queue", queue));

    internal void LeadershipChanged(string lease, bool leading) => _leading.Add(leading ? 1 : -1, Tag("lease", lease));

    internal void EventHandled(string outcome) => _events.Add(1, Tag("outcome", outcome));

    private static KeyValuePair<string, object?> Tag(string key, object value) => new(key, value);
}
