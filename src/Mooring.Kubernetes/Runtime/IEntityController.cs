using k8s;
using k8s.Models;

namespace Mooring.Kubernetes.Runtime;

/// <summary>
/// Brings the world in line with one object. Called with the object as the store has it now, never with the event;
/// never twice at once for the same key.
/// </summary>
public interface IEntityController<TEntity>
    where TEntity : class, IKubernetesObject<V1ObjectMeta>
{
    /// <summary>Idempotent. The result asks for a later run; an exception is retried with backoff.</summary>
    Task<ReconciliationResult> ReconcileAsync(TEntity entity, CancellationToken cancellationToken);

    /// <summary>The object is gone from the API server.</summary>
    Task<ReconciliationResult> DeletedAsync(ObjectKey key, CancellationToken cancellationToken);
}
