using System.Net;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Mooring.Kubernetes.Client;
using Mooring.Kubernetes.Runtime;

namespace Mooring.Kubernetes.Caching;

/// <summary>
/// Keeps a target equal to the server's list: lists, watches from the list's version, opens the watch again where it
/// stopped, and lists anew only when the server no longer knows that version. The list comes as the first events of
/// the watch where the server sends it so, else in pages. Either way each object is applied as it arrives, so that a
/// list anew holds no second copy of everything.
/// </summary>
internal sealed partial class Reflector<T>(
    IKubernetesClient client,
    IReflectorTarget<T> target,
    InformerOptions options,
    TimeProvider time,
    ILogger logger,
    KubernetesMetrics? metrics)
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly string _kind = EntityDefinition.Of<T>().Kind;
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Cleared for good once the server shows that it does not stream lists.</summary>
    private bool _streams = options.StreamLists;

    /// <summary>Version to watch from; null asks for a list.</summary>
    private string? _version;

    /// <summary>Completes once the target holds a whole list.</summary>
    public Task Synced => _synced.Task;

    /// <summary>Follows the kind until cancelled. One run at a time.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var backoff = new Backoff(options.RetryDelay, options.MaxRetryDelay);
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                if (_version is null && !_streams)
                {
                    await ListAsync(cancellationToken);
                }

                await FollowAsync(backoff, cancellationToken);
                continue;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (KubernetesException e) when (_version is null && _streams && RefusesStreaming(e))
            {
                Log.ListsInPages(logger, _kind, e.Message);
                _streams = false;
                continue;
            }
            catch (KubernetesException e) when (_version is not null && IsOfVersion(e))
            {
                Log.VersionGone(logger, _kind, _version, e.Message);
                _version = null;
            }
            catch (Exception e)
            {
                metrics?.InformerFailed(_kind);
                if (backoff.Failures == 0)
                {
                    Log.Failed(logger, e, _kind);
                }
                else
                {
                    Log.FailedAgain(logger, e, _kind, backoff.Failures + 1);
                }
            }

            await PauseAsync(backoff.Next(), cancellationToken);
        }
    }

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        var asked = new ListOptions
        {
            LabelSelector = options.LabelSelector,
            FieldSelector = options.FieldSelector,
            Limit = options.PageSize,
            Fields = options.Fields,
        };
        try
        {
            await ListAsync(asked, cancellationToken);
        }
        catch (KubernetesException e) when (e.StatusCode == HttpStatusCode.Gone && asked.Limit > 0)
        {
            // The snapshot was compacted away between two pages: take all of it at once, as client-go does.
            await ListAsync(asked with { Limit = 0 }, cancellationToken);
        }
    }

    private async Task ListAsync(ListOptions asked, CancellationToken cancellationToken)
    {
        var present = new HashSet<ObjectKey>();
        var version = "";
        await foreach (var page in client.ListPagesAsync<T>(options.Namespace, asked, cancellationToken))
        {
            version = page.ResourceVersion;
            foreach (var entity in page.Items)
            {
                present.Add(entity.GetKey());
                target.Put(entity);
            }
        }

        Complete(present, version);
    }

    /// <summary>One watch, to its end, with the list before it where it is streamed.</summary>
    private async Task FollowAsync(Backoff backoff, CancellationToken cancellationToken)
    {
        var initial = _version is null ? new HashSet<ObjectKey>() : null;
        var patience = initial is null ? options.IdleTimeout : options.InitialEventsTimeout;
        using var idle = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, idle.Token);
        var opened = time.GetTimestamp();
        var heard = false;
        try
        {
            await foreach (var change in client.WatchAsync<T>(options.Namespace, Ask(initial is not null), either.Token))
            {
                heard = true;
                if (initial is not null && change.Type == WatchEventType.Bookmark)
                {
                    if (!change.EndsInitialEvents)
                    {
                        IgnoresStreaming("sent a bookmark before the end of the list");
                        return;
                    }

                    Complete(initial, change.Object.Metadata.ResourceVersion);
                    (initial, patience) = (null, options.IdleTimeout);
                }
                else
                {
                    Apply(change, initial);
                }

                idle.CancelAfter(patience);
                if (initial is null)
                {
                    Recover(backoff);
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            if (initial is not null)
            {
                IgnoresStreaming("did not end the list");
                return;
            }

            Log.Idle(logger, _kind, patience);
            return;
        }
        finally
        {
            // A kind without changes says nothing, and yet a watch that held is no part of the failures before it.
            if (time.GetElapsedTime(opened) > options.MaxRetryDelay)
            {
                backoff.Reset();
            }
        }

        // A server that ends every watch at once would be asked without pause.
        if (!heard && time.GetElapsedTime(opened) < TimeSpan.FromSeconds(1))
        {
            await PauseAsync(backoff.Next(), cancellationToken);
        }
    }

    private WatchOptions Ask(bool initial) => new()
    {
        LabelSelector = options.LabelSelector,
        FieldSelector = options.FieldSelector,
        ResourceVersion = _version,
        SendInitialEvents = initial,
        Timeout = options.WatchTimeout * (1 + Random.Shared.NextDouble()),
        Fields = options.Fields,
    };

    private void Apply(WatchEvent<T> change, HashSet<ObjectKey>? initial)
    {
        switch (change.Type)
        {
            case WatchEventType.Added or WatchEventType.Modified:
                initial?.Add(change.Object.GetKey());
                target.Put(change.Object);
                break;
            case WatchEventType.Deleted:
                initial?.Remove(change.Object.GetKey());
                target.Remove(change.Object);
                break;
            default:
                // A bookmark carries only a version.
                break;
        }

        // Only a whole list makes a version to go on from.
        if (initial is null)
        {
            _version = change.Object.Metadata.ResourceVersion ?? _version;
        }
    }

    private void Complete(HashSet<ObjectKey> present, string? version)
    {
        target.Retain(present);
        _version = version;
        metrics?.InformerListed(_kind);
        Log.Listed(logger, _kind, present.Count, version);
        _synced.TrySetResult();
    }

    private void IgnoresStreaming(string what)
    {
        Log.ListsInPages(logger, _kind, what);
        _streams = false;
    }

    private void Recover(Backoff backoff)
    {
        if (backoff.Failures > 0)
        {
            Log.Recovered(logger, _kind, backoff.Failures);
            backoff.Reset();
        }
    }

    /// <summary>
    /// The server no longer knows the version (410), or never did, as after a restore from a backup: then it says 400, or
    /// waits for the version to come and gives up with a cause that names it.
    /// </summary>
    private static bool IsOfVersion(KubernetesException e) =>
        e.StatusCode is HttpStatusCode.Gone or HttpStatusCode.BadRequest
        || e.Status.Details?.Causes?.Any(cause => cause.Reason == "ResourceVersionTooLarge") == true;

    /// <summary>422 is upstream's answer where streaming lists are off; the others are those of stand-ins for one.</summary>
    private static bool RefusesStreaming(KubernetesException e) => e.StatusCode is
        HttpStatusCode.UnprocessableEntity or HttpStatusCode.BadRequest
        or HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotImplemented;

    private async Task PauseAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(delay, time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The loop sees it.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "Listed {Count} of {Kind} at {Version}")]
        public static partial void Listed(ILogger logger, string kind, int count, string? version);

        [LoggerMessage(Level = LogLevel.Debug, Message = "Version {Version} of {Kind} is gone ({Problem}); listing anew")]
        public static partial void VersionGone(ILogger logger, string kind, string? version, string problem);

        [LoggerMessage(Level = LogLevel.Information, Message = "Listing {Kind} in pages: the server does not stream lists ({Problem})")]
        public static partial void ListsInPages(ILogger logger, string kind, string problem);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Cannot follow {Kind}; what is known stays in use and it is tried again")]
        public static partial void Failed(ILogger logger, Exception exception, string kind);

        [LoggerMessage(Level = LogLevel.Debug, Message = "Still cannot follow {Kind} (failure {Failures})")]
        public static partial void FailedAgain(ILogger logger, Exception exception, string kind, int failures);

        [LoggerMessage(Level = LogLevel.Information, Message = "Following {Kind} again after {Failures} failures")]
        public static partial void Recovered(ILogger logger, string kind, int failures);

        [LoggerMessage(Level = LogLevel.Debug, Message = "The watch of {Kind} was silent for {IdleTimeout}; opening it again")]
        public static partial void Idle(ILogger logger, string kind, TimeSpan idleTimeout);
    }
}
