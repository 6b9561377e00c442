namespace Mooring.Kubernetes.Events;

/// <summary>What makes two Events the same one, seen twice. No message stands for all similar ones combined.</summary>
internal sealed record EventKey(EventGroup Group, string? Message);
