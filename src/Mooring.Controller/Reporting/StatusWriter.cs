using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Mooring.Api.V1Alpha1;
using Mooring.Controller.Reconciling;
using Mooring.Kubernetes.Client;
using Mooring.Kubernetes.Runtime;

namespace Mooring.Controller.Reporting;

/// <summary>
/// Writes status: only what changed, the latest only, and one object not more often than
/// <see cref="MinInterval"/>. Used by the leader alone, so a write replaces the whole status and cannot conflict.
/// </summary>
internal sealed partial class StatusWriter(
    IKubernetesClient client, Leadership leadership, TimeProvider time, ILogger<StatusWriter> logger)
{
    public static readonly TimeSpan MinInterval = TimeSpan.FromMilliseconds(100);

    private const int Workers = 4;

    /// <summary>A status that someone else changed is written again after this long; sooner the cache may be behind.</summary>
    public static readonly TimeSpan RepairAfter = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<StatusKey, Desired> _desired = new();
    private WorkQueue<StatusKey>? _queue;

    /// <summary>The status last decided on, which the cache may not show yet; else the cached one.</summary>
    public TStatus? Latest<TStatus>(StatusKey key, V1ObjectMeta metadata, TStatus? cached)
        where TStatus : class =>
        _desired.TryGetValue(key, out var desired) && desired.Uid == metadata.Uid ? (TStatus)desired.Status : cached;

    /// <summary>Has the status written if it differs from what was decided or stored last.</summary>
    public void Submit<TStatus>(StatusKey key, V1ObjectMeta metadata, TStatus status, TStatus? cached)
        where TStatus : class
    {
        var json = KubernetesJson.Serialize(status);
        var stored = cached is not null && KubernetesJson.Serialize(cached) == json;
        var mark = Mark(json);
        if (_desired.TryGetValue(key, out var before) && before.Uid == metadata.Uid && before.Mark == mark)
        {
            if (!before.Written || (!stored && time.GetElapsedTime(before.At) < RepairAfter))
            {
                return;
            }
        }

        // What is stored is in the cache already: it need not be held a second time.
        _desired[key] = new Desired(
            metadata.Uid ?? "", stored ? cached! : status, mark, stored ? null : json, Stored: stored, time.GetTimestamp());
        if (!stored)
        {
            _queue?.Add(key);
        }
    }

    /// <summary>The cache shows what was decided last.</summary>
    public bool IsStored(StatusKey key) => !_desired.TryGetValue(key, out var desired) || desired.Stored;

    /// <summary>
    /// Nothing is to be done unless something changes: what was decided last is stored, is being written, or has been for so
    /// short a time that the cache may not show it.
    /// </summary>
    public bool IsAtRest(StatusKey key) => _desired.TryGetValue(key, out var desired)
        && (desired.Stored || !desired.Written || time.GetElapsedTime(desired.At) < RepairAfter);

    private static UInt128 Mark(string json) => BinaryPrimitives.ReadUInt128BigEndian(
        SHA256.HashData(MemoryMarshal.AsBytes(json.AsSpan())));

    /// <summary>Forgets objects that are gone.</summary>
    public void Retain(IReadOnlySet<StatusKey> present)
    {
        foreach (var key in _desired.Keys)
        {
            if (!present.Contains(key))
            {
                _desired.TryRemove(key, out _);
            }
        }
    }

    /// <summary>Writes until cancelled. What was submitted under an earlier leadership is forgotten.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var queue = new WorkQueue<StatusKey>(new WorkQueueOptions { Name = "status" }, time);
        foreach (var (key, desired) in _desired)
        {
            if (!desired.Written)
            {
                queue.Add(key);
            }
        }

        _queue = queue;
        try
        {
            await Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => WorkAsync(queue, cancellationToken)));
        }
        finally
        {
            _queue = null;
            _desired.Clear();
        }
    }

    private async Task WorkAsync(WorkQueue<StatusKey> queue, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            StatusKey key;
            var resting = false;
            try
            {
                key = await queue.GetAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            try
            {
                await WriteAsync(key, cancellationToken);
                queue.Forget(key);
                resting = true;
                _ = RestAsync(queue, key, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is KubernetesException or HttpRequestException or OperationCanceledException)
            {
                Log.Failed(logger, key.Object, e.Message);
                queue.AddRateLimited(key);
            }
            finally
            {
                if (!resting)
                {
                    queue.Done(key);
                }
            }
        }
    }

    /// <summary>The key stays taken for so long: what is submitted meanwhile is written once, afterwards.</summary>
    private async Task RestAsync(WorkQueue<StatusKey> queue, StatusKey key, CancellationToken cancellationToken)
    {
        await Task.Delay(MinInterval, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        queue.Done(key);
    }

    private async Task WriteAsync(StatusKey key, CancellationToken cancellationToken)
    {
        if (!_desired.TryGetValue(key, out var desired) || desired.Written)
        {
            return;
        }

        if (!leadership.IsHeld)
        {
            throw new OperationCanceledException("this replica does not lead");
        }

        var uid = KubernetesJson.Serialize(desired.Uid);
        var patch = new V1Patch(
            $$"""[{"op":"test","path":"/metadata/uid","value":{{uid}}},{"op":"add","path":"/status","value":{{desired.Json}}}]""",
            V1Patch.PatchType.JsonPatch);
        try
        {
            if (key.Kind == typeof(V1Alpha1VirtualIp))
            {
                await PatchAsync<V1Alpha1VirtualIp>(patch, key.Object, cancellationToken);
            }
            else if (key.Kind == typeof(V1Alpha1AddressPool))
            {
                await PatchAsync<V1Alpha1AddressPool>(patch, key.Object, cancellationToken);
            }
            else
            {
                await PatchAsync<V1Alpha1BackendPool>(patch, key.Object, cancellationToken);
            }
        }
        catch (KubernetesException e) when (e.StatusCode is HttpStatusCode.NotFound)
        {
            // Deleted meanwhile; the next look at the cache sees it.
            return;
        }

        Log.Written(logger, key.Object);
        _desired.TryUpdate(key, desired with { Json = null, At = time.GetTimestamp() }, desired);
    }

    private Task PatchAsync<T>(V1Patch patch, ObjectKey key, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        client.PatchAsync<T>(patch, key.Name, key.Namespace, "status", cancellationToken);

    /// <param name="Uid">Of the object it is meant for.</param>
    /// <param name="Status">What was decided.</param>
    /// <param name="Mark">Fingerprint of its JSON.</param>
    /// <param name="Json">What is to be written; null once it is.</param>
    /// <param name="Stored">The cache was seen to have it.</param>
    /// <param name="At">When it was decided or written.</param>
    private sealed record Desired(string Uid, object Status, UInt128 Mark, string? Json, bool Stored, long At)
    {
        public bool Written => Json is null;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Debug, Message = "Wrote the status of {Object}")]
        public static partial void Written(ILogger logger, ObjectKey @object);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Cannot write the status of {Object}: {Problem}")]
        public static partial void Failed(ILogger logger, ObjectKey @object, string problem);
    }
}
