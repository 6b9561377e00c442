using k8s;
using k8s.Models;

namespace Mooring.Kubernetes.Client;

public sealed record WatchEvent<T>(WatchEventType Type, T Object)
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    private const string InitialEventsEnd = "k8s.io/initial-events-end";

    /// <summary>
    /// The bookmark after the last of the initial events that <see cref="WatchOptions.SendInitialEvents"/> asked for:
    /// what came before it is the whole list at its resourceVersion.
    /// </summary>
    public bool EndsInitialEvents =>
        Type == WatchEventType.Bookmark
        && Object.Metadata.Annotations?.TryGetValue(InitialEventsEnd, out var value) == true
        && value == "true";
}
