namespace Mooring.Kubernetes.Events;

/// <summary>What to tell the server of a call of the recorder.</summary>
internal sealed record CorrelatedEvent(RecordedEvent Recorded, EventKey Key, string Message, SentEvent Seen);
