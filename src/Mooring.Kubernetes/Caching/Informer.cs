using System.Collections.Immutable;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mooring.Kubernetes.Client;
using Mooring.Kubernetes.Runtime;

namespace Mooring.Kubernetes.Caching;

/// <summary>A store that a reflector keeps equal to the server, and those who hear of its changes.</summary>
public sealed partial class Informer<T> : BackgroundService, IInformer<T>, IReflectorTarget<T>
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly Reflector<T> _reflector;
    private readonly ILogger<Informer<T>> _logger;
    private readonly KubernetesMetrics? _metrics;
    private readonly string _kind = EntityDefinition.Of<T>().Kind;
    private readonly Store<T> _store = new();

    /// <summary>Held while the store changes and its handlers hear of it, so that a new one misses nothing.</summary>
    private readonly Lock _changing = new();
    private ImmutableArray<Action<ObjectKey, T?, T?>> _handlers = [];

    public Informer(
        IKubernetesClient client,
        InformerOptions options,
        TimeProvider time,
        ILogger<Informer<T>> logger,
        KubernetesMetrics? metrics = null)
    {
        _reflector = new Reflector<T>(client, this, options, time, logger, metrics);
        _logger = logger;
        _metrics = metrics;
    }

    public IStore<T> Store => _store;

    public Task WaitForSyncAsync(CancellationToken cancellationToken) => _reflector.Synced.WaitAsync(cancellationToken);

    public void AddIndex(string name, Func<T, IEnumerable<string>> values) => _store.AddIndex(
        name,
        entity =>
        {
            try
            {
                // Run to its end here: it must not fail halfway through an update of the store.
                return [.. values(entity)];
            }
            catch (Exception e)
            {
                Log.IndexFailed(_logger, e, name, _kind, entity.GetKey());
                return Array.Empty<string>();
            }
        });

    public IDisposable Subscribe(Action<ObjectKey, T?, T?> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        lock (_changing)
        {
            foreach (var entity in _store.List())
            {
                Call(handler, entity.GetKey(), null, entity);
            }

            // Wrapped, so that one handler subscribed twice is two registrations.
            Action<ObjectKey, T?, T?> registration = (key, old, now) => handler(key, old, now);
            _handlers = _handlers.Add(registration);
            return new Subscription(this, registration);
        }
    }

    /// <summary>Follows the kind until cancelled. One run at a time.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => _reflector.RunAsync(cancellationToken);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => RunAsync(stoppingToken);

    void IReflectorTarget<T>.Put(T entity)
    {
        var key = entity.GetKey();
        lock (_changing)
        {
            var held = _store.Get(key);
            var version = entity.Metadata.ResourceVersion;
            if (version is not null && held?.Metadata.ResourceVersion == version)
            {
                return;
            }

            if (held is not null && held.Metadata.Uid != entity.Metadata.Uid)
            {
                // Another object under the same name: the deletion of the first went unseen.
                _store.Remove(key);
                Notify(key, held, null);
            }

            Notify(key, _store.Set(key, entity), entity);
        }
    }

    void IReflectorTarget<T>.Remove(T lastState)
    {
        var key = lastState.GetKey();
        lock (_changing)
        {
            if (_store.Remove(key) is not null)
            {
                Notify(key, lastState, null);
            }
        }
    }

    void IReflectorTarget<T>.Retain(IReadOnlySet<ObjectKey> keys)
    {
        foreach (var key in _store.Keys())
        {
            if (!keys.Contains(key))
            {
                lock (_changing)
                {
                    Notify(key, _store.Remove(key), null);
                }
            }
        }
    }

    private void Notify(ObjectKey key, T? old, T? now)
    {
        _metrics?.InformerChanged(_kind);
        foreach (var handler in _handlers)
        {
            Call(handler, key, old, now);
        }
    }

    private void Call(Action<ObjectKey, T?, T?> handler, ObjectKey key, T? old, T? now)
    {
        try
        {
            handler(key, old, now);
        }
        catch (Exception e)
        {
            // One reader's fault must not end the watch of all others.
            Log.HandlerFailed(_logger, e, _kind, key);
        }
    }

    private void Unsubscribe(Action<ObjectKey, T?, T?> registration)
    {
        lock (_changing)
        {
            _handlers = _handlers.Remove(registration);
        }
    }

    private sealed class Subscription(Informer<T> owner, Action<ObjectKey, T?, T?> registration) : IDisposable
    {
        public void Dispose() => owner.Unsubscribe(registration);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "A handler of {Kind} failed on {Key}")]
        public static partial void HandlerFailed(ILogger logger, Exception exception, string kind, ObjectKey key);

        [LoggerMessage(Level = LogLevel.Error, Message = "Index {Index} of {Kind} failed on {Key}, which it leaves out")]
        public static partial void IndexFailed(
            ILogger logger, Exception exception, string index, string kind, ObjectKey key);
    }
}
