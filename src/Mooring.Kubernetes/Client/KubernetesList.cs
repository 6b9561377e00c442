namespace Mooring.Kubernetes.Client;

/// <summary>The items of a list and the resourceVersion to watch from.</summary>
public sealed record KubernetesList<T>(IReadOnlyList<T> Items, string ResourceVersion);
