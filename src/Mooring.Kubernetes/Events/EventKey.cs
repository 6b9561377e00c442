namespace Mooring.Kubernetes.Events;

/// <summary>What makes two Events the same one, seen twice.</summary>
internal sealed record EventKey(EventObject Object, string Type, string Reason, string Message);
