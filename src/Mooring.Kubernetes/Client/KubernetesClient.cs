using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mooring.Kubernetes.Client;

/// <summary>One API server, spoken to in JSON. Safe for use by many at once; one per process is enough.</summary>
public sealed class KubernetesClient : IKubernetesClient, IDisposable
{
    private readonly ApiTransport _transport;
    private readonly KubernetesClientOptions _options;

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
    }

    public void Dispose() => _transport.Dispose();

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
            return await ListPagesAsync<T>(@namespace, options, cancellationToken);
        }
        catch (KubernetesException e) when (
            e.StatusCode == HttpStatusCode.Gone && options.Limit > 0)
        {
            // The snapshot was compacted away between two pages: take all of it at once, as client-go does.
            return await ListPagesAsync<T>(@namespace, options with { Limit = 0 }, cancellationToken);
        }
    }

    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        string? @namespace = null,
        WatchOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        options ??= new WatchOptions();
        var path = EntityDefinition.Of<T>().CollectionPath(@namespace);
        var request = new ApiRequest(HttpMethod.Get, "watch", path)
            .With("watch", "true")
            .With("resourceVersion", options.ResourceVersion)
            .With("allowWatchBookmarks", options.AllowBookmarks ? "true" : null)
            .With("timeoutSeconds", options.Timeout is { } wait ? $"{Math.Max(1, (long)wait.TotalSeconds)}" : null)
            .With("labelSelector", options.LabelSelector)
            .With("fieldSelector", options.FieldSelector);
        using var response = await _transport.OpenAsync(request, cancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (var change in WatchReader.ReadAsync<T>(
            stream, _options.MaxWatchLineBytes, request, cancellationToken))
        {
            yield return change;
        }
    }

    public Task<T> CreateAsync<T>(T entity, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var definition = Prepare(entity);
        var @namespace = entity.Metadata.NamespaceProperty;
        if (definition.Namespaced && string.IsNullOrEmpty(@namespace))
        {
            throw new ArgumentException($"{definition.Kind} needs metadata.namespace", nameof(entity));
        }

        return SendAsync<T>(
            new ApiRequest(HttpMethod.Post, "create", definition.CollectionPath(@namespace)) { Body = Json(entity) }
                .With("fieldManager", _options.FieldManager),
            cancellationToken);
    }

    public Task<T> UpdateAsync<T>(T entity, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta> => PutAsync(entity, null, cancellationToken);

    public Task<T> UpdateStatusAsync<T>(T entity, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta> => PutAsync(entity, "status", cancellationToken);

    public Task<T> PatchAsync<T>(
        V1Patch patch,
        string name,
        string? @namespace = null,
        string? subresource = null,
        CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        ArgumentNullException.ThrowIfNull(patch);
        var path = EntityDefinition.Of<T>().ItemPath(name, @namespace, subresource);
        return SendAsync<T>(
            new ApiRequest(HttpMethod.Patch, "patch", path)
            {
                Body = System.Text.Encoding.UTF8.GetBytes(patch.Content),
                ContentType = ContentTypeOf(patch.Type),
            }.With("fieldManager", _options.FieldManager),
            cancellationToken);
    }

    public Task<T> ApplyAsync<T>(
        T entity,
        string fieldManager,
        bool force = false,
        string? subresource = null,
        CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        ArgumentException.ThrowIfNullOrEmpty(fieldManager);
        var path = Prepare(entity).ItemPath(
            entity.Metadata.Name ?? "", entity.Metadata.NamespaceProperty, subresource);
        return SendAsync<T>(
            new ApiRequest(HttpMethod.Patch, "apply", path)
            {
                Body = ApplyBody(entity),
                ContentType = ContentTypeOf(V1Patch.PatchType.ApplyPatch),
            }.With("fieldManager", fieldManager).With("force", force ? "true" : null),
            cancellationToken);
    }

    public async Task DeleteAsync<T>(
        string name,
        string? @namespace = null,
        DeleteOptions? options = null,
        CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var path = EntityDefinition.Of<T>().ItemPath(name, @namespace);
        var request = new ApiRequest(HttpMethod.Delete, "delete", path) { Body = Json(DeleteBody.From(options)) };
        try
        {
            // Answered with the object or with a Status; neither is of use.
            await _transport.CallAsync<JsonElement>(request, cancellationToken);
        }
        catch (KubernetesException e) when (IsMissingObject(e))
        {
            // Gone already: what was asked for.
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

    private async Task<KubernetesList<T>> ListPagesAsync<T>(
        string? @namespace, ListOptions options, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var definition = EntityDefinition.Of<T>();
        var path = definition.CollectionPath(@namespace);
        var items = new List<T>();
        string? next = null;
        string? version = null;
        do
        {
            // A continue token carries the version already; the server refuses both together.
            var request = new ApiRequest(HttpMethod.Get, "list", path)
                .With("limit", options.Limit > 0 ? $"{options.Limit}" : null)
                .With("continue", next)
                .With("resourceVersion", next is null ? options.ResourceVersion : null)
                .With("labelSelector", options.LabelSelector)
                .With("fieldSelector", options.FieldSelector);
            var page = await _transport.CallAsync<ListPage<T>>(request, cancellationToken);
            if (page.Metadata?.ResourceVersion is null)
            {
                throw new HttpRequestException(
                    HttpRequestError.InvalidResponse, $"{request}: the answer is not a list with a resourceVersion");
            }

            foreach (var item in page.Items ?? [])
            {
                if (item?.Metadata is null)
                {
                    throw new HttpRequestException(
                        HttpRequestError.InvalidResponse, $"{request}: an item of the list has no metadata");
                }

                items.Add(definition.Complete(item));
            }

            version ??= page.Metadata.ResourceVersion;
            next = page.Metadata.ContinueProperty;
        }
        while (!string.IsNullOrEmpty(next));

        return new KubernetesList<T>(items, version);
    }

    private Task<T> PutAsync<T>(T entity, string? subresource, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var path = Prepare(entity).ItemPath(
            entity.Metadata.Name ?? "", entity.Metadata.NamespaceProperty, subresource);
        return SendAsync<T>(
            new ApiRequest(HttpMethod.Put, "update", path) { Body = Json(entity) }
                .With("fieldManager", _options.FieldManager),
            cancellationToken);
    }

    private async Task<T> SendAsync<T>(ApiRequest request, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var entity = await _transport.CallAsync<T>(request, cancellationToken);
        return entity.Metadata is null
            ? throw new HttpRequestException(HttpRequestError.InvalidResponse, $"{request}: an object without metadata")
            : EntityDefinition.Of<T>().Complete(entity);
    }

    private static EntityDefinition Prepare<T>(T entity)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        ArgumentNullException.ThrowIfNull(entity);
        var definition = EntityDefinition.Of<T>();
        definition.Complete(entity);
        return definition;
    }

    private static byte[] Json<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, KubernetesJson.Options);

    private static byte[] ApplyBody<T>(T entity)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        if (entity.Metadata.ExtensionData?.ContainsKey("managedFields") != true)
        {
            return Json(entity);
        }

        // An object that was read carries its field owners; an apply that names them is refused.
        var body = JsonSerializer.SerializeToNode(entity, KubernetesJson.Options)!;
        ((JsonObject)body["metadata"]!).Remove("managedFields");
        return Json(body);
    }

    private static string ContentTypeOf(V1Patch.PatchType type) => type switch
    {
        V1Patch.PatchType.JsonPatch => "application/json-patch+json",
        V1Patch.PatchType.MergePatch => "application/merge-patch+json",
        V1Patch.PatchType.ApplyPatch => "application/apply-patch+yaml",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not a kind of patch"),
    };

    /// <summary>
    /// The object is missing, as opposed to its kind: a server without the CRD answers 404 too, but in plain text or
    /// naming no object.
    /// </summary>
    private static bool IsMissingObject(KubernetesException e) =>
        e.StatusCode == HttpStatusCode.NotFound && e.Status.Reason == "NotFound"
        && !string.IsNullOrEmpty(e.Status.Details?.Name);
}
