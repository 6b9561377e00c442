using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mooring.Kubernetes.Client;

/// <summary>One API server, spoken to in JSON. Safe for use by many at once; one per process is enough.</summary>
public sealed partial class KubernetesClient : IKubernetesClient, IDisposable
{
    private readonly ApiTransport _transport;
    private readonly KubernetesClientOptions _options;

    /// <summary>Null for a client that only tries its writes.</summary>
    private readonly KubernetesClient? _dryRun;

    public KubernetesClient(
        KubernetesClientConfiguration configuration,
        KubernetesClientOptions? options = null,
        TimeProvider? time = null,
        ILogger<KubernetesClient>? logger = null,
        KubernetesMetrics? metrics = null)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        _options = options ?? new KubernetesClientOptions();
        _transport = new ApiTransport(
            configuration,
            _options,
            KubernetesHandler.Create(configuration),
            time ?? TimeProvider.System,
            logger ?? NullLogger<KubernetesClient>.Instance,
            metrics);
        _dryRun = new KubernetesClient(_transport, _options);
    }

    private KubernetesClient(ApiTransport transport, KubernetesClientOptions options)
    {
        _transport = transport;
        _options = options;
    }

    public IKubernetesClient DryRun => _dryRun ?? this;

    public void Dispose()
    {
        // The connections are the whole client's, not its dry run's.
        if (_dryRun is not null)
        {
            _transport.Dispose();
        }
    }

    public async Task<T?> GetAsync<T>(
        string name, string? @namespace = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        try
        {
            var path = EntityDefinition.Of<T>().ItemPath(name, @namespace);
            return await SendAsync<T>(new ApiRequest(HttpMethod.Get, "get", path), cancellationToken);
        }
        catch (KubernetesException e) when (IsMissingObject(e))
        {
            return null;
        }
    }

    public async Task<KubernetesList<T>> ListAsync<T>(
        string? @namespace = null, ListOptions? options = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        options ??= new ListOptions();
        try
        {
            return await CollectAsync<T>(@namespace, options, cancellationToken);
        }
        catch (KubernetesException e) when (
            e.StatusCode == HttpStatusCode.Gone && options.Limit > 0)
        {
            // The snapshot was compacted away between two pages: take all of it at once, as client-go does.
            return await CollectAsync<T>(@namespace, options with { Limit = 0 }, cancellationToken);
        }
    }

    public async IAsyncEnumerable<KubernetesList<T>> ListPagesAsync<T>(
        string? @namespace = null,
        ListOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        options ??= new ListOptions();
        var definition = EntityDefinition.Of<T>();
        var path = definition.CollectionPath(@namespace);
        var json = JsonForReading.Of(options.Fields);
        string? next = null;
        string? version = null;
        do
        {
            // A continue token carries the version already; the server refuses both together.
            var request = new ApiRequest(HttpMethod.Get, "list", path) { Json = json }
                .With("limit", options.Limit > 0 ? $"{options.Limit}" : null)
                .With("continue", next)
                .With("resourceVersion", next is null ? options.ResourceVersion : null)
                .With("labelSelector", options.LabelSelector)
                .With("fieldSelector", options.FieldSelector);
            var page = await _transport.CallAsync<ListPage<T>>(request, cancellationToken);
            version ??= page.Metadata?.ResourceVersion ?? throw new HttpRequestException(
                HttpRequestError.InvalidResponse, $"{request}: the answer is not a list with a resourceVersion");
            yield return new KubernetesList<T>(Items(page, definition, request), version);
            next = page.Metadata?.ContinueProperty;
        }
        while (!string.IsNullOrEmpty(next));
    }

    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        string? @namespace = null,
        WatchOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        options ??= new WatchOptions();
        var path = EntityDefinition.Of<T>().CollectionPath(@namespace);
        var request = new ApiRequest(HttpMethod.Get, "watch", path) { Json = JsonForReading.Of(options.Fields) }
            .With("watch", "true")
            .With("resourceVersion", options.ResourceVersion)
            .With("sendInitialEvents", options.SendInitialEvents ? "true" : null)
            .With("resourceVersionMatch", options.SendInitialEvents ? "NotOlderThan" : null)
            .With("allowWatchBookmarks", options.AllowBookmarks || options.SendInitialEvents ? "true" : null)
            .With("timeoutSeconds", options.Timeout is { } wait ? $"{Math.Max(1, (long)wait.TotalSeconds)}" : null)
            .With("labelSelector", options.LabelSelector)
            .With("fieldSelector", options.FieldSelector);
        using var response = await _transport.OpenAsync(request, cancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (var change in WatchReader.ReadAsync<T>(
            stream, _options.MaxObjectBytes, request, cancellationToken))
        {
            yield return change;
        }
    }

    /// <summary>The server's version: the cheapest proof that it is there and is an API server.</summary>
    public Task<VersionInfo> GetVersionAsync(CancellationToken cancellationToken = default) =>
        _transport.CallAsync<VersionInfo>(new ApiRequest(HttpMethod.Get, "get", "version"), cancellationToken);

    /// <summary>JSON of any path, such as <c>apis</c> or <c>openapi/v3</c>.</summary>
    public Task<JsonElement> GetRawAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return _transport.CallAsync<JsonElement>(
            new ApiRequest(HttpMethod.Get, "get", path.TrimStart('/')), cancellationToken);
    }

    private async Task<KubernetesList<T>> CollectAsync<T>(
        string? @namespace, ListOptions options, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        List<T>? all = null;
        var version = "";
        await foreach (var page in ListPagesAsync<T>(@namespace, options, cancellationToken))
        {
            version = page.ResourceVersion;
            if (all is null)
            {
                all = (List<T>)page.Items;
            }
            else
            {
                all.AddRange(page.Items);
            }
        }

        return new KubernetesList<T>(all ?? [], version);
    }

    private static List<T> Items<T>(ListPage<T> page, EntityDefinition definition, ApiRequest request)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var items = page.Items ?? [];
        foreach (var item in items)
        {
            if (item?.Metadata is null)
            {
                throw new HttpRequestException(
                    HttpRequestError.InvalidResponse, $"{request}: an item of the list has no metadata");
            }

            definition.Complete(item);
        }

        return items!;
    }

    private async Task<T> SendAsync<T>(ApiRequest request, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var entity = await _transport.CallAsync<T>(
            request with { MaxBytes = _options.MaxObjectBytes }, cancellationToken);
        return entity.Metadata is null
            ? throw new HttpRequestException(HttpRequestError.InvalidResponse, $"{request}: an object without metadata")
            : EntityDefinition.Of<T>().Complete(entity);
    }

    /// <summary>
    /// The object is missing, as opposed to its kind: a server without the CRD answers 404 too, but in plain text or
    /// naming no object.
    /// </summary>
    private static bool IsMissingObject(KubernetesException e) =>
        e.StatusCode == HttpStatusCode.NotFound && e.Status.Reason == "NotFound"
        && !string.IsNullOrEmpty(e.Status.Details?.Name);
}
