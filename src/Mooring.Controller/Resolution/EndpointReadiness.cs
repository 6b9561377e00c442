using k8s.Models;
using Mooring.Core.Placement;
using Mooring.Core.Snapshots;

namespace Mooring.Controller.Resolution;

/// <summary>What Kubernetes says of one endpoint.</summary>
/// <param name="Remark">Why it is not simply ready; null when it is.</param>
internal readonly record struct EndpointReadiness(BackendCondition Condition, string? Remark)
{
    private const string Terminating = "terminating";

    /// <summary>Not ready, but would answer: it takes connections while no other endpoint is ready.</summary>
    public bool Serves { get; init; }

    /// <param name="node">Node of the pod; null when it is not known.</param>
    public static EndpointReadiness Of(V1Pod pod, V1Node? node)
    {
        var ready = (pod.Status?.Conditions ?? []).FirstOrDefault(condition => condition.Type == "Ready");
        return Of(
            ready: ready?.Status == "True",
            serving: ready?.Status == "True",
            terminating: pod.Metadata.DeletionTimestamp is not null,
            pod,
            node);
    }

    /// <param name="endpoint">As consumers read it: what is absent is true, but for "terminating".</param>
    /// <param name="pod">That it stands for; null when it is not known.</param>
    /// <param name="node">That it is on; null when it is not known.</param>
    public static EndpointReadiness Of(V1Endpoint endpoint, V1Pod? pod, V1Node? node) => Of(
        endpoint.Conditions?.Ready ?? true,
        endpoint.Conditions?.Serving ?? true,
        endpoint.Conditions?.Terminating ?? false,
        pod,
        node);

    private static EndpointReadiness Of(bool ready, bool serving, bool terminating, V1Pod? pod, V1Node? node)
    {
        if (IsSet(pod, NodeFacts.DrainAnnotation))
        {
            return new(BackendCondition.Draining, $"drained by the annotation {NodeFacts.DrainAnnotation}");
        }

        if (terminating)
        {
            return new(BackendCondition.Draining, Terminating) { Serves = serving };
        }

        if (!ready)
        {
            return new(BackendCondition.NotReady, $"not ready, by Kubernetes{WhyNotReady(pod)}");
        }

        // Kubernetes calls its pods not ready too, a little later.
        return node is not null && !IsReady(node)
            ? new(BackendCondition.NotReady, $"node {node.Metadata.Name} is not Ready") { Serves = true }
            : new(BackendCondition.Ready, null);
    }

    /// <summary>Readiness gates and containers that are not ready are named in the condition's message.</summary>
    private static string WhyNotReady(V1Pod? pod)
    {
        var ready = pod?.Status?.Conditions?.FirstOrDefault(condition => condition is { Type: "Ready", Status: not "True" });
        var words = string.IsNullOrEmpty(ready?.Message) ? ready?.Reason : ready.Message;
        return string.IsNullOrEmpty(words) ? "" : $": {words}";
    }

    /// <summary>One that has not said yet is taken for ready.</summary>
    private static bool IsReady(V1Node node) =>
        !(node.Status?.Conditions ?? []).Any(condition => condition.Type == "Ready" && condition.Status != "True");

    public static bool IsSet(V1Pod? pod, string annotation) =>
        pod?.Metadata.Annotations is { } annotations && annotations.TryGetValue(annotation, out var value) && value == "true";
}
