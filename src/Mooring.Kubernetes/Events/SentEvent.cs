namespace Mooring.Kubernetes.Events;

/// <summary>An Event that the server has, and how often it was seen.</summary>
internal sealed record SentEvent(string Name, string Namespace, int Count);
