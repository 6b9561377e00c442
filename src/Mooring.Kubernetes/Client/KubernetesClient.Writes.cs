using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Models;

namespace Mooring.Kubernetes.Client;

/// <summary>What changes the server, or with <see cref="DryRun"/> only asks whether it would.</summary>
public sealed partial class KubernetesClient
{
    private string? DryRunValue => _dryRun is null ? "All" : null;

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
                .With("fieldManager", _options.FieldManager).With("dryRun", DryRunValue),
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
        return SendAsync<T>(
            PatchRequest(patch, EntityDefinition.Of<T>().ItemPath(name, @namespace, subresource)), cancellationToken);
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
            }.With("fieldManager", fieldManager).With("force", force ? "true" : null).With("dryRun", DryRunValue),
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
        var request = new ApiRequest(HttpMethod.Delete, "delete", path)
        {
            Body = Json(DeleteBody.From(options, DryRunValue)),
        };
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

    public async Task DeleteCollectionAsync<T>(
        string? @namespace = null,
        string? labelSelector = null,
        string? fieldSelector = null,
        DeleteOptions? options = null,
        CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var definition = EntityDefinition.Of<T>();
        if (definition.Namespaced && string.IsNullOrEmpty(@namespace))
        {
            throw new ArgumentException(
                $"{definition.Kind} is deleted in one namespace at a time", nameof(@namespace));
        }

        var path = definition.CollectionPath(@namespace);
        var body = Json(DeleteBody.From(options, DryRunValue));
        var request = new ApiRequest(HttpMethod.Delete, "deletecollection", path) { Body = body }
            .With("labelSelector", labelSelector)
            .With("fieldSelector", fieldSelector);

        // Answered with the objects or with a Status; neither is of use.
        await _transport.CallAsync<JsonElement>(request, cancellationToken);
    }

    public Task<V1Scale> GetScaleAsync<T>(
        string name, string? @namespace = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        SendAsync<V1Scale>(new ApiRequest(HttpMethod.Get, "get", ScalePath<T>(name, @namespace)), cancellationToken);

    public Task<V1Scale> UpdateScaleAsync<T>(V1Scale scale, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        ArgumentNullException.ThrowIfNull(scale);
        var path = ScalePath<T>(scale.Metadata.Name ?? "", scale.Metadata.NamespaceProperty);
        return SendAsync<V1Scale>(
            new ApiRequest(HttpMethod.Put, "update", path) { Body = Json(scale) }
                .With("fieldManager", _options.FieldManager).With("dryRun", DryRunValue),
            cancellationToken);
    }

    public Task<V1Scale> PatchScaleAsync<T>(
        V1Patch patch, string name, string? @namespace = null, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        ArgumentNullException.ThrowIfNull(patch);
        return SendAsync<V1Scale>(PatchRequest(patch, ScalePath<T>(name, @namespace)), cancellationToken);
    }

    private static string ScalePath<T>(string name, string? @namespace) =>
        EntityDefinition.Of<T>().ItemPath(name, @namespace, "scale");

    private ApiRequest PatchRequest(V1Patch patch, string path) =>
        new ApiRequest(HttpMethod.Patch, "patch", path)
        {
            Body = Encoding.UTF8.GetBytes(patch.Content),
            ContentType = ContentTypeOf(patch.Type),
        }.With("fieldManager", _options.FieldManager).With("dryRun", DryRunValue);

    private Task<T> PutAsync<T>(T entity, string? subresource, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var path = Prepare(entity).ItemPath(
            entity.Metadata.Name ?? "", entity.Metadata.NamespaceProperty, subresource);
        return SendAsync<T>(
            new ApiRequest(HttpMethod.Put, "update", path) { Body = Json(entity) }
                .With("fieldManager", _options.FieldManager).With("dryRun", DryRunValue),
            cancellationToken);
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
}
