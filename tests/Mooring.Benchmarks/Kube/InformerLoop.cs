using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging.Abstractions;
using Mooring.Kubernetes.Caching;
using Mooring.Kubernetes.Client;
using Mooring.Kubernetes.Runtime;

namespace Mooring.Benchmarks.Kube;

/// <summary>Client, informer, queue and controller as a program runs them.</summary>
internal static class InformerLoop
{
    public static async Task<Measurement> RunAsync(Uri server, bool streamed, ObjectFields fields)
    {
        // The other side's last round, still on this thread's stack, lets go of its cache.
        await Task.Yield();
        using var stop = new CancellationTokenSource();
        using var client = new KubernetesClient(new KubernetesClientConfiguration { Host = server });
        var before = GC.GetTotalMemory(forceFullCollection: true);
        using var informer = new Informer<V1Pod>(
            client,
            new InformerOptions { StreamLists = streamed, Fields = fields },
            TimeProvider.System,
            NullLogger<Informer<V1Pod>>.Instance);
        var controller = new LastVersions();
        using var host = new EntityControllerHost<V1Pod>(
            informer,
            controller,
            new EntityControllerOptions(),
            TimeProvider.System,
            NullLogger<EntityControllerHost<V1Pod>>.Instance);
        var started = TimeProvider.System.GetTimestamp();
        var running = Task.WhenAll(informer.RunAsync(stop.Token), host.RunAsync(stop.Token));
        await informer.WaitForSyncAsync(stop.Token);
        var list = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        await controller.ReconciledAllAsync(KubeServer.Objects);
        var held = GC.GetTotalMemory(forceFullCollection: true) - before;
        started = TimeProvider.System.GetTimestamp();
        using var http = new HttpClient { BaseAddress = server };
        (await http.GetAsync("go", stop.Token)).Dispose();
        await controller.ReconciledAllAsync(KubeServer.Objects + KubeServer.Changes);
        var watch = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        await stop.CancelAsync();
        await running;
        return new Measurement(list, watch, held);
    }

    /// <summary>Counts the objects whose last version within a range was reconciled.</summary>
    private sealed class LastVersions : IEntityController<V1Pod>
    {
        private readonly Lock _lock = new();
        private readonly Dictionary<ObjectKey, long> _versions = [];
        private long _newest;
        private int _current;
        private TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Completes once each object was reconciled at one of the last versions up to this one.</summary>
        public async Task ReconciledAllAsync(long newest)
        {
            lock (_lock)
            {
                _newest = newest;
                _all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _current = _versions.Values.Count(IsCurrent);
                Complete();
            }

            await _all.Task;
        }

        public Task<ReconciliationResult> ReconcileAsync(V1Pod entity, CancellationToken cancellationToken)
        {
            var version = long.Parse(entity.Metadata.ResourceVersion!, System.Globalization.CultureInfo.InvariantCulture);
            var key = entity.GetKey();
            lock (_lock)
            {
                var before = _versions.GetValueOrDefault(key);
                _versions[key] = version;
                _current += IsCurrent(version) && !IsCurrent(before) ? 1 : 0;
                Complete();
            }

            return Task.FromResult(ReconciliationResult.Done);
        }

        public Task<ReconciliationResult> DeletedAsync(ObjectKey key, CancellationToken cancellationToken) =>
            throw new InvalidOperationException($"{key} was not deleted");

        private bool IsCurrent(long version) => version > _newest - KubeServer.Objects;

        private void Complete()
        {
            if (_current == KubeServer.Objects)
            {
                _all.TrySetResult();
            }
        }
    }
}
