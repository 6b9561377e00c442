using k8s;
using k8s.Models;

namespace Mooring.Kubernetes.Events;

/// <summary>Tells users what happened to an object; <c>kubectl describe</c> shows it.</summary>
public interface IEventRecorder
{
    /// <summary>
    /// Never blocks and never throws: Events are a courtesy, and are dropped rather than waited for. The same message
    /// about the same object is counted, not repeated.
    /// </summary>
    /// <param name="about">The object; only its identity is read, before this returns.</param>
    /// <param name="type"><see cref="EventTypes.Normal"/> or <see cref="EventTypes.Warning"/>.</param>
    /// <param name="reason">CamelCase, for machines.</param>
    /// <param name="message">For people; cut at 1024 bytes, which is all that the server takes.</param>
    void Record(IKubernetesObject<V1ObjectMeta> about, string type, string reason, string message);
}
