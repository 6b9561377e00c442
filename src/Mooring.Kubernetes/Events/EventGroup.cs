namespace Mooring.Kubernetes.Events;

/// <summary>What makes two Events similar: all but the message.</summary>
internal sealed record EventGroup(EventObject Object, string Type, string Reason);
