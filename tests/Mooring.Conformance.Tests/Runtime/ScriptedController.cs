using System.Collections.Concurrent;
using k8s.Models;
using Mooring.Kubernetes.Runtime;

namespace Mooring.Conformance.Tests.Runtime;

/// <summary>Remembers what it was called with and does as the case says.</summary>
internal sealed class ScriptedController(Func<V1ConfigMap, CancellationToken, Task<ReconciliationResult>>? reconcile = null) : IEntityController<V1ConfigMap>
{
    public ConcurrentQueue<string> Seen { get; } = new();

    public ConcurrentQueue<ObjectKey> Deleted { get; } = new();

    public Task<ReconciliationResult> ReconcileAsync(V1ConfigMap entity, CancellationToken cancellationToken)
    {
        Seen.Enqueue(entity.Metadata.Name!);
        return reconcile is null ? Task.FromResult(ReconciliationResult.Done) : reconcile(entity, cancellationToken);
    }

    public Task<ReconciliationResult> DeletedAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        Deleted.Enqueue(key);
        return Task.FromResult(ReconciliationResult.Done);
    }
}
