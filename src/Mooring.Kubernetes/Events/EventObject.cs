namespace Mooring.Kubernetes.Events;

/// <summary>An object that Events are about.</summary>
internal sealed record EventObject(string Kind, string Namespace, string Name, string Uid);
