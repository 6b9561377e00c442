using k8s;
using k8s.Models;
using Mooring.Kubernetes.Runtime;

namespace Mooring.Kubernetes.Caching;

/// <summary>One list and watch of a kind, shared by every reader of its store.</summary>
public interface IInformer<T>
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    IStore<T> Store { get; }

    /// <summary>
    /// Files every object under the values that <paramref name="values"/> gives for it, for
    /// <see cref="IStore{T}.ByIndex"/>. The function must depend on the object alone.
    /// </summary>
    /// <exception cref="ArgumentException">There is an index of that name.</exception>
    void AddIndex(string name, Func<T, IEnumerable<string>> values);

    /// <summary>Completes once the store holds a whole list.</summary>
    Task WaitForSyncAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Calls <paramref name="handler"/> with the old and the new object after every change of the store: (null, new)
    /// for an addition, (old, null) for a deletion. An object that took the place of another of its name while no watch
    /// was open is a deletion and an addition. The old object of a deletion is the last state that is known: the
    /// server's, or the store's when the deletion itself went unseen. Objects already in the store are reported first.
    /// Handlers must not block. Disposing the registration ends it.
    /// </summary>
    IDisposable Subscribe(Action<ObjectKey, T?, T?> handler);
}
