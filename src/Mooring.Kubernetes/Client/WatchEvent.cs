namespace Mooring.Kubernetes.Client;

public sealed record WatchEvent<T>(WatchEventType Type, T Object);
