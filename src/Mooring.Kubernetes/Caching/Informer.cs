using System.Collections.Immutable;
using System.Net;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mooring.Kubernetes.Client;
using Mooring.Kubernetes.Runtime;

namespace Mooring.Kubernetes.Caching;

/// <summary>
/// Keeps a store equal to the server's list: lists, watches from the list's version, opens the watch again where it
/// stopped, and lists anew only when the server no longer knows that version.
/// </summary>
public sealed partial class Informer<T> : BackgroundService, IInformer<T>
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly IKubernetesClient _client;
    private readonly InformerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<Informer<T>> _logger;
    private readonly KubernetesMetrics? _metrics;
    private readonly string _kind = EntityDefinition.Of<T>().Kind;
    private readonly Store<T> _store = new();
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Held while the store changes and its handlers hear of it, so that a new one misses nothing.</summary>
    private readonly Lock _changing = new();
    private ImmutableArray<Action<ObjectKey, T?, T?>> _handlers = [];

    /// <summary>Version to watch from; null asks for a list. Only the loop touches it.</summary>
    private string? _version;

    public Informer(
        IKubernetesClient client,
        InformerOptions options,
        TimeProvider time,
        ILogger<Informer<T>> logger,
        KubernetesMetrics? metrics = null)
    {
        _client = client;
        _options = options;
        _time = time;
        _logger = logger;
        _metrics = metrics;
    }

    public IStore<T> Store => _store;

    public Task WaitForSyncAsync(CancellationToken cancellationToken) => _synced.Task.WaitAsync(cancellationToken);

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
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var backoff = new Backoff(_options.RetryDelay, _options.MaxRetryDelay);
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                if (_version is null)
                {
                    await ListAsync(cancellationToken);
                }

                await WatchAsync(backoff, cancellationToken);
                continue;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (KubernetesException e) when (
                _version is not null && e.StatusCode is (HttpStatusCode.Gone or HttpStatusCode.BadRequest))
            {
                // 400 is how a server answers a version that is none of its own, as after a restore from a backup.
                Log.VersionGone(_logger, _kind, _version, e.Message);
                _version = null;
            }
            catch (Exception e)
            {
                _metrics?.InformerFailed(_kind);
                if (backoff.Failures == 0)
                {
                    Log.Failed(_logger, e, _kind);
                }
                else
                {
                    Log.FailedAgain(_logger, e, _kind, backoff.Failures + 1);
                }
            }

            await PauseAsync(backoff.Next(), cancellationToken);
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => RunAsync(stoppingToken);

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        var list = await _client.ListAsync<T>(
            _options.Namespace,
            new ListOptions
            {
                LabelSelector = _options.LabelSelector,
                FieldSelector = _options.FieldSelector,
                Limit = _options.PageSize,
            },
            cancellationToken);
        _metrics?.InformerListed(_kind);
        var present = new HashSet<ObjectKey>(list.Items.Count);
        foreach (var entity in list.Items)
        {
            present.Add(entity.GetKey());
            Put(entity);
        }

        // Deletions that no watch told of.
        foreach (var key in _store.Keys())
        {
            if (!present.Contains(key))
            {
                Drop(key);
            }
        }

        _version = list.ResourceVersion;
        Log.Listed(_logger, _kind, list.Items.Count, list.ResourceVersion);
        _synced.TrySetResult();
    }

    /// <summary>One watch, to its end.</summary>
    private async Task WatchAsync(Backoff backoff, CancellationToken cancellationToken)
    {
        using var idle = new CancellationTokenSource(_options.IdleTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, idle.Token);
        var opened = _time.GetTimestamp();
        var heard = false;
        try
        {
            var options = new WatchOptions
            {
                LabelSelector = _options.LabelSelector,
                FieldSelector = _options.FieldSelector,
                ResourceVersion = _version,
                Timeout = _options.WatchTimeout * (1 + Random.Shared.NextDouble()),
            };
            await foreach (var change in _client.WatchAsync<T>(_options.Namespace, options, either.Token))
            {
                idle.CancelAfter(_options.IdleTimeout);
                heard = true;
                Apply(change);
                if (backoff.Failures > 0)
                {
                    Log.Recovered(_logger, _kind, backoff.Failures);
                    backoff.Reset();
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Log.Idle(_logger, _kind, _options.IdleTimeout);
            return;
        }
        finally
        {
            // A kind without changes says nothing, and yet a watch that held is no part of the failures before it.
            if (_time.GetElapsedTime(opened) > _options.MaxRetryDelay)
            {
                backoff.Reset();
            }
        }

        // A server that ends every watch at once would be asked without pause.
        if (!heard && _time.GetElapsedTime(opened) < TimeSpan.FromSeconds(1))
        {
            await PauseAsync(backoff.Next(), cancellationToken);
        }
    }

    private void Apply(WatchEvent<T> change)
    {
        switch (change.Type)
        {
            case WatchEventType.Added or WatchEventType.Modified:
                Put(change.Object);
                break;
            case WatchEventType.Deleted:
                Drop(change.Object.GetKey());
                break;
            default:
                // A bookmark carries only a version.
                break;
        }

        _version = change.Object.Metadata.ResourceVersion ?? _version;
    }

    private void Put(T entity)
    {
        var key = entity.GetKey();
        lock (_changing)
        {
            var version = entity.Metadata.ResourceVersion;
            if (version is not null && _store.Get(key)?.Metadata.ResourceVersion == version)
            {
                return;
            }

            Notify(key, _store.Set(key, entity), entity);
        }
    }

    private void Drop(ObjectKey key)
    {
        lock (_changing)
        {
            if (_store.Remove(key) is { } old)
            {
                Notify(key, old, null);
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

    private async Task PauseAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(delay, _time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The loop sees it.
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
        [LoggerMessage(Level = LogLevel.Debug, Message = "Listed {Count} of {Kind} at {Version}")]
        public static partial void Listed(ILogger logger, string kind, int count, string version);

        [LoggerMessage(Level = LogLevel.Debug, Message = "Version {Version} of {Kind} is gone ({Problem}); listing anew")]
        public static partial void VersionGone(ILogger logger, string kind, string? version, string problem);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Cannot follow {Kind}; what is known stays in use and it is tried again")]
        public static partial void Failed(ILogger logger, Exception exception, string kind);

        [LoggerMessage(Level = LogLevel.Debug, Message = "Still cannot follow {Kind} (failure {Failures})")]
        public static partial void FailedAgain(ILogger logger, Exception exception, string kind, int failures);

        [LoggerMessage(Level = LogLevel.Information, Message = "Following {Kind} again after {Failures} failures")]
        public static partial void Recovered(ILogger logger, string kind, int failures);

        [LoggerMessage(Level = LogLevel.Debug, Message = "The watch of {Kind} was silent for {IdleTimeout}; opening it again")]
        public static partial void Idle(ILogger logger, string kind, TimeSpan idleTimeout);

        [LoggerMessage(Level = LogLevel.Error, Message = "A handler of {Kind} failed on {Key}")]
        public static partial void HandlerFailed(ILogger logger, Exception exception, string kind, ObjectKey key);

        [LoggerMessage(Level = LogLevel.Error, Message = "Index {Index} of {Kind} failed on {Key}, which it leaves out")]
        public static partial void IndexFailed(
            ILogger logger, Exception exception, string index, string kind, ObjectKey key);
    }
}
