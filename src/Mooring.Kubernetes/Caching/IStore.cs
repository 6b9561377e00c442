using k8s;
using k8s.Models;
using Mooring.Kubernetes.Runtime;

namespace Mooring.Kubernetes.Caching;

/// <summary>The informer's view of one kind. Objects in it are shared and must not be changed.</summary>
public interface IStore<T>
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    T? Get(ObjectKey key);

    /// <summary>All objects: the same instance as long as none of them changes.</summary>
    IReadOnlyCollection<T> List();

    /// <summary>Objects of one namespace.</summary>
    IReadOnlyCollection<T> List(string @namespace);

    /// <summary>Objects that the named index files under <paramref name="value"/>.</summary>
    IReadOnlyCollection<T> ByIndex(string indexName, string value);
}
