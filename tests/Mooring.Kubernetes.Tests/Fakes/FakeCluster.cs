using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using k8s;
using k8s.Models;
using Mooring.Kubernetes.Client;
using Mooring.Kubernetes.Runtime;

namespace Mooring.Kubernetes.Tests.Fakes;

/// <summary>
/// An API server's storage in memory behind the client's interface: resourceVersions, conflicts, lists, watches from a
/// version, 410 after <see cref="Compact"/>, and faults as the test asks for them.
/// </summary>
internal sealed class FakeCluster : IKubernetesClient
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(Type, ObjectKey), (string Json, long Version)> _objects = [];
    private readonly List<Change> _history = [];
    private readonly List<Channel<Change>> _watches = [];
    private long _version = 100;
    private long _compacted;

    /// <summary>Called with "get", "list", "watch", "create", "update", "patch" before the call is carried out.</summary>
    public Func<string, CancellationToken, Task> Before { get; set; } = (_, _) => Task.CompletedTask;

    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>Watches that never say anything.</summary>
    public bool SilentWatches { get; set; }

    /// <summary>What becomes of a watch that asks for a list first.</summary>
    public ListStreaming Streaming { get; set; }

    public IKubernetesClient DryRun => throw new NotSupportedException();

    public int OpenWatches
    {
        get
        {
            lock (_lock)
            {
                return _watches.Count;
            }
        }
    }

    public static KubernetesException Refusal(HttpStatusCode code, string reason, string name = "x") => new(
        code, new V1Status { Code = (int)code, Reason = reason, Message = reason, Details = new V1StatusDetails { Name = name } });

    public void Put<T>(T entity)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        lock (_lock)
        {
            Store(entity, _objects.ContainsKey((typeof(T), entity.GetKey())) ? "MODIFIED" : "ADDED");
        }
    }

    public void Remove<T>(ObjectKey key)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        lock (_lock)
        {
            var entity = Parse<T>(_objects[(typeof(T), key)].Json);
            _objects.Remove((typeof(T), key));
            Store(entity, "DELETED");
        }
    }

    /// <summary>Forgets the history: watches from an older version get 410.</summary>
    public void Compact()
    {
        lock (_lock)
        {
            _compacted = _version;
            _history.Clear();
        }
    }

    /// <summary>Ends every watch, with an exception if one is given.</summary>
    public void EndWatches(Exception? fault = null)
    {
        lock (_lock)
        {
            _watches.ForEach(watch => watch.Writer.TryComplete(fault));
            _watches.Clear();
        }
    }

    /// <summary>Sends every watch a bookmark at the present version.</summary>
    public void Bookmark()
    {
        lock (_lock)
        {
            var change = new Change(null, "BOOKMARK", $$$"""{"metadata":{"resourceVersion":"{{{++_version}}}"}}""", _version);
            _watches.ForEach(watch => watch.Writer.TryWrite(change));
        }
    }

    public IReadOnlyList<T> All<T>()
        where T : class
    {
        lock (_lock)
        {
            return [.. _objects.Where(o => o.Key.Item1 == typeof(T)).Select(o => Parse<T>(o.Value.Json))];
        }
    }

    public async Task<T?> GetAsync<T>(string name, string? @namespace = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        await EnterAsync("get", cancellationToken);
        lock (_lock)
        {
            return _objects.TryGetValue((typeof(T), new ObjectKey(@namespace ?? "", name)), out var found)
                ? Parse<T>(found.Json)
                : null;
        }
    }

    public async Task<KubernetesList<T>> ListAsync<T>(
        string? @namespace = null, ListOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        await EnterAsync("list", cancellationToken);
        lock (_lock)
        {
            return new KubernetesList<T>(All<T>(), Text(_version));
        }
    }

    public async IAsyncEnumerable<KubernetesList<T>> ListPagesAsync<T>(
        string? @namespace = null,
        ListOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        yield return await ListAsync<T>(@namespace, options, cancellationToken);
    }

    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        string? @namespace = null,
        WatchOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        await EnterAsync("watch", cancellationToken);
        var channel = Channel.CreateUnbounded<Change>();
        lock (_lock)
        {
            if (options!.ResourceVersion is null)
            {
                SendList<T>(options.SendInitialEvents, channel.Writer);
            }
            else
            {
                var from = long.Parse(options.ResourceVersion, CultureInfo.InvariantCulture);
                if (from < _compacted)
                {
                    throw Refusal(HttpStatusCode.Gone, "Expired");
                }

                _history.Where(change => change.Version > from).ToList().ForEach(c => channel.Writer.TryWrite(c));
            }

            _watches.Add(channel);
        }

        try
        {
            await foreach (var change in channel.Reader.ReadAllAsync(cancellationToken))
            {
                if (!SilentWatches && (change.Type == typeof(T) || change.Type is null))
                {
                    yield return new WatchEvent<T>(
                        Enum.Parse<WatchEventType>(change.Kind, ignoreCase: true), Parse<T>(change.Json));
                }
            }
        }
        finally
        {
            lock (_lock)
            {
                _watches.Remove(channel);
            }
        }
    }

    public async Task<T> CreateAsync<T>(T entity, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        await EnterAsync("create", cancellationToken);
        lock (_lock)
        {
            return _objects.ContainsKey((typeof(T), entity.GetKey()))
                ? throw Refusal(HttpStatusCode.Conflict, "AlreadyExists", entity.Metadata.Name!)
                : Store(entity, "ADDED");
        }
    }

    public async Task<T> UpdateAsync<T>(T entity, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        await EnterAsync("update", cancellationToken);
        lock (_lock)
        {
            if (!_objects.TryGetValue((typeof(T), entity.GetKey()), out var held))
            {
                throw Refusal(HttpStatusCode.NotFound, "NotFound", entity.Metadata.Name!);
            }

            return entity.Metadata.ResourceVersion is { } version && version != Text(held.Version)
                ? throw Refusal(HttpStatusCode.Conflict, "Conflict", entity.Metadata.Name!)
                : Store(entity, "MODIFIED");
        }
    }

    public Task<T> UpdateStatusAsync<T>(T entity, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta> => throw new NotSupportedException();

    public async Task<T> PatchAsync<T>(
        V1Patch patch,
        string name,
        string? @namespace = null,
        string? subresource = null,
        CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        await EnterAsync("patch", cancellationToken);
        lock (_lock)
        {
            if (!_objects.TryGetValue((typeof(T), new ObjectKey(@namespace ?? "", name)), out var held))
            {
                throw Refusal(HttpStatusCode.NotFound, "NotFound", name);
            }

            patch.Type.ShouldBe(V1Patch.PatchType.MergePatch);
            var target = JsonNode.Parse(held.Json)!.AsObject();
            foreach (var (field, value) in JsonNode.Parse(patch.Content)!.AsObject())
            {
                target[field] = value?.DeepClone();
            }

            return Store(Parse<T>(target.ToJsonString()), "MODIFIED");
        }
    }

    public Task<T> ApplyAsync<T>(
        T entity,
        string fieldManager,
        bool force = false,
        string? subresource = null,
        CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta> => throw new NotSupportedException();

    public Task DeleteAsync<T>(
        string name,
        string? @namespace = null,
        DeleteOptions? options = null,
        CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta> => throw new NotSupportedException();

    public Task DeleteCollectionAsync<T>(
        string? @namespace = null,
        string? labelSelector = null,
        string? fieldSelector = null,
        DeleteOptions? options = null,
        CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta> => throw new NotSupportedException();

    public Task<V1Scale> GetScaleAsync<T>(
        string name, string? @namespace = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta> => throw new NotSupportedException();

    public Task<V1Scale> UpdateScaleAsync<T>(V1Scale scale, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta> => throw new NotSupportedException();

    public Task<V1Scale> PatchScaleAsync<T>(
        V1Patch patch, string name, string? @namespace = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta> => throw new NotSupportedException();

    private static T Parse<T>(string json)
        where T : class => KubernetesJson.Deserialize<T>(json)!;

    private static string Text(long version) => version.ToString(CultureInfo.InvariantCulture);

    private Task EnterAsync(string verb, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Calls.Enqueue(verb);
        return Before(verb, cancellationToken);
    }

    private void SendList<T>(bool asked, ChannelWriter<Change> into)
        where T : class
    {
        if (asked && Streaming == ListStreaming.Refused)
        {
            throw Refusal(HttpStatusCode.UnprocessableEntity, "Invalid");
        }

        foreach (var (key, held) in _objects.Where(o => o.Key.Item1 == typeof(T)))
        {
            into.TryWrite(new Change(typeof(T), "ADDED", held.Json, held.Version));
        }

        if (asked && Streaming == ListStreaming.Served)
        {
            var end = $$$$"""
                {"metadata":{"resourceVersion":"{{{{_version}}}}","annotations":{"k8s.io/initial-events-end":"true"}}}
                """;
            into.TryWrite(new Change(null, "BOOKMARK", end, _version));
        }
    }

    private T Store<T>(T entity, string kind)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var stored = Parse<T>(KubernetesJson.Serialize(entity));
        stored.Metadata.ResourceVersion = Text(++_version);
        stored.Metadata.Uid ??= _objects.TryGetValue((typeof(T), stored.GetKey()), out var held)
            ? Parse<T>(held.Json).Metadata.Uid
            : Guid.NewGuid().ToString();
        var change = new Change(typeof(T), kind, KubernetesJson.Serialize(stored), _version);
        if (kind != "DELETED")
        {
            _objects[(typeof(T), stored.GetKey())] = (change.Json, _version);
        }

        _history.Add(change);
        _watches.ForEach(watch => watch.Writer.TryWrite(change));
        return stored;
    }

    private sealed record Change(Type? Type, string Kind, string Json, long Version);
}
