using k8s;
using k8s.Models;
using Mooring.Kubernetes.Runtime;

namespace Mooring.Kubernetes.Caching;

/// <summary>What a reflector keeps equal to the server. Called by one loop, in the order of the server's changes.</summary>
internal interface IReflectorTarget<in T>
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    void Put(T entity);

    /// <param name="lastState">The object as the server saw it last.</param>
    void Remove(T lastState);

    /// <summary>The keys are all there is: whatever else is held was deleted while nobody watched.</summary>
    void Retain(IReadOnlySet<ObjectKey> keys);
}
