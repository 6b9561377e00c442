using k8s;
using k8s.Models;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mooring.Kubernetes.Caching;
using Mooring.Kubernetes.Client;

namespace Mooring.Kubernetes.Runtime;

/// <summary>
/// Runs a controller: a change in the informer's store queues the object's key, workers take keys and reconcile what
/// the store holds by then. Failures come back with backoff; they are logged here and nowhere else.
/// </summary>
public sealed partial class EntityControllerHost<TEntity> : BackgroundService
    where TEntity : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly IInformer<TEntity> _informer;
    private readonly IEntityController<TEntity> _controller;
    private readonly EntityControllerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<EntityControllerHost<TEntity>> _logger;
    private readonly KubernetesMetrics? _metrics;
    private readonly string _name;

    public EntityControllerHost(
        IInformer<TEntity> informer,
        IEntityController<TEntity> controller,
        EntityControllerOptions options,
        TimeProvider time,
        ILogger<EntityControllerHost<TEntity>> logger,
        KubernetesMetrics? metrics = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Workers, 1, nameof(options));
        _informer = informer;
        _controller = controller;
        _options = options;
        _time = time;
        _logger = logger;
        _metrics = metrics;
        _name = options.Name ?? EntityDefinition.Of<TEntity>().Kind;
    }

    /// <summary>
    /// Works until cancelled, then returns once the reconciles under way have. Their token is cancelled too: what must
    /// be finished nevertheless is for the controller to finish.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var queue = new WorkQueue<ObjectKey>(_options.Queue, _time, _metrics);
        using var subscription = _informer.Subscribe((key, _, _) => queue.Add(key));
        try
        {
            await _informer.WaitForSyncAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return;
        }

        var loops = Enumerable.Range(0, _options.Workers).Select(_ => Task.Run(
            () => WorkAsync(queue, cancellationToken), CancellationToken.None)).ToList();
        if (_options.ResyncPeriod is { } period)
        {
            loops.Add(ResyncAsync(queue, period, cancellationToken));
        }

        await Task.WhenAll(loops);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => RunAsync(stoppingToken);

    private async Task WorkAsync(WorkQueue<ObjectKey> queue, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            ObjectKey key;
            try
            {
                key = await queue.GetAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            try
            {
                await ReconcileAsync(queue, key, cancellationToken);
            }
            finally
            {
                queue.Done(key);
            }
        }
    }

    private async Task ReconcileAsync(WorkQueue<ObjectKey> queue, ObjectKey key, CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        var outcome = "success";
        try
        {
            var result = _informer.Store.Get(key) is { } entity
                ? await _controller.ReconcileAsync(entity, cancellationToken)
                : await _controller.DeletedAsync(key, cancellationToken);
            queue.Forget(key);
            if (result.RequeueAfter is { } delay)
            {
                outcome = "requeue";
                queue.AddAfter(key, delay);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            outcome = "cancelled";
        }
        catch (TerminalException e)
        {
            outcome = "terminal";
            queue.Forget(key);
            Log.Abandoned(_logger, e, _name, key);
        }
        catch (Exception e)
        {
            outcome = "error";
            queue.AddRateLimited(key);
            Log.Failed(_logger, e, _name, key, queue.Failures(key));
        }

        _metrics?.Reconciled(_name, outcome, _time.GetElapsedTime(started));
    }

    private async Task ResyncAsync(WorkQueue<ObjectKey> queue, TimeSpan period, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(period, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                foreach (var entity in _informer.Store.List())
                {
                    queue.Add(entity.GetKey());
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "{Controller} could not reconcile {Key} (failure {Failures}); it will try again")]
        public static partial void Failed(
            ILogger logger, Exception exception, string controller, ObjectKey key, int failures);

        [LoggerMessage(Level = LogLevel.Error, Message = "{Controller} cannot reconcile {Key} until the object changes")]
        public static partial void Abandoned(ILogger logger, Exception exception, string controller, ObjectKey key);
    }
}
