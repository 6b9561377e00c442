using k8s.Models;

namespace Mooring.Kubernetes.Events;

/// <summary>One call of the recorder, on its way to the server.</summary>
internal sealed record RecordedEvent(
    V1ObjectReference About, string Type, string Reason, string Message, DateTime At)
{
    public EventObject Object { get; } = new(
        About.Kind ?? "", About.NamespaceProperty ?? "", About.Name ?? "", About.Uid ?? "");

    public EventGroup Group => new(Object, Type, Reason);
}
