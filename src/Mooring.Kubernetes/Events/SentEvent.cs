namespace Mooring.Kubernetes.Events;

/// <summary>An Event as it was seen so far. It has no name until the server has it.</summary>
internal sealed record SentEvent(string? Name, DateTime FirstAt, int Count);
