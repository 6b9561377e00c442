using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Objects;
using Mooring.Sandbox.KubeApi.Patching;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Http;

/// <summary>create, update and patch of objects and their status.</summary>
internal sealed class WriteHandler(ObjectService objects, ReadHandler reads)
{
    private const string PatchTypes =
        "application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml";

    public async Task CreateAsync(ApiRequest request)
    {
        var duplicates = new List<string>();
        var body = await RequiredBodyAsync(request, duplicates);
        var created = await objects.CreateAsync(request.Type, request.Namespace, body, request.WriteOptions(), duplicates);
        await reads.WriteObjectAsync(request, created, 201);
    }

    public async Task UpdateAsync(ApiRequest request)
    {
        var duplicates = new List<string>();
        var body = await RequiredBodyAsync(request, duplicates);
        var (updated, created) = await objects.UpdateAsync(
            request.Type, request.Namespace, request.Name, request.Subresource, body, request.WriteOptions(), duplicates);
        await reads.WriteObjectAsync(request, updated, created ? 201 : 200);
    }

    public async Task PatchAsync(ApiRequest request)
    {
        var (type, options) = (request.Type, request.WriteOptions());
        var contentType = RequestBody.ContentType(request.Http.Request);
        if (contentType is "application/apply-patch+yaml")
        {
            var duplicates = new List<string>();
            var config = await AppliedAsync(request, duplicates);
            var (applied, created) = await objects.ApplyAsync(type, request.Namespace, request.Name, request.Subresource, config, options, duplicates);
            await reads.WriteObjectAsync(request, applied, created ? 201 : 200);
            return;
        }

        if (options.Force)
        {
            throw request.InvalidOption(FieldError.Forbidden("force", "may not be specified for non-apply patch"));
        }

        Func<JsonNode?, JsonNode?, JsonNode?> apply = contentType switch
        {
            "application/json-patch+json" => JsonPatch.Apply,
            "application/merge-patch+json" => MergePatch.Apply,
            "application/strategic-merge-patch+json" when type.Custom is null => (target, patch) => StrategicMergePatch.Apply(target, patch, type.Schema),
            "application/apply-patch+cbor" or "application/cbor" => throw ApiError.NotImplemented("CBOR bodies"),
            _ => throw ApiError.UnsupportedMediaType(PatchTypes),
        };
        var patch = await RequestBody.ReadAsync(request.Http.Request, yaml: false, null, request.Aborted);
        var patched = await objects.PatchAsync(type, request.Namespace, request.Name, request.Subresource, options, current => apply(current, patch));
        await reads.WriteObjectAsync(request, patched);
    }

    /// <summary>The configuration of a server-side apply.</summary>
    public static async Task<JsonObject> AppliedAsync(ApiRequest request, List<string> duplicates)
    {
        if (request.Query("fieldManager") is null)
        {
            throw request.InvalidOption(FieldError.Required("fieldManager", "is required for apply patch"));
        }

        return await RequestBody.ReadAsync(request.Http.Request, yaml: true, duplicates, request.Aborted) as JsonObject
            ?? throw ApiError.BadRequest("the applied configuration is not an object");
    }

    public static async Task<JsonObject> RequiredBodyAsync(ApiRequest request, List<string>? duplicates = null)
    {
        if (request.Type.Custom is not null && RequestBody.ContentType(request.Http.Request) == Protobuf.ProtobufBody.ContentType)
        {
            throw ApiError.UnsupportedMediaType(Negotiation.Supported);
        }

        return await RequestBody.ReadObjectAsync(request.Http.Request, duplicates, request.Aborted)
        ?? throw ApiError.BadRequest("the request has no body");
    }
}
