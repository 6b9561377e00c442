namespace Mooring.Kubernetes.Events;

/// <summary>What a repetition changes of an Event, as a merge patch.</summary>
internal sealed record EventRepetition(int Count, DateTime LastTimestamp, string Message);
