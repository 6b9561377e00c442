using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Objects;
using Mooring.Sandbox.KubeApi.Selectors;
using Mooring.Sandbox.KubeApi.Storage;
using Mooring.Sandbox.KubeApi.Tables;

namespace Mooring.Sandbox.KubeApi.Http;

/// <summary>get and list.</summary>
internal sealed class ReadHandler(ObjectService objects, PageTokens pages, TableBuilder tables)
{
    public async Task GetAsync(ApiRequest request)
    {
        RequireKnownRevision(request.Number("resourceVersion"));
        var stored = objects.Find(request.Type, request.Namespace, request.Name);
        if (request.Accept == MediaType.Json && request.Type.Conversion is null)
        {
            ApiResponse.AddWarnings(request.Http, request.Warnings);
            await ApiResponse.WriteBytesAsync(request.Http, stored.Json);
            return;
        }

        await WriteObjectAsync(request, ObjectService.Serve(stored, request.Type));
    }

    /// <summary>Writes one object in the form that was agreed on.</summary>
    public async Task WriteObjectAsync(ApiRequest request, JsonObject value, int code = 200)
    {
        ApiResponse.AddWarnings(request.Http, request.Warnings);
        switch (request.Accept)
        {
            case MediaType.Table:
                var metadata = new JsonObject { ["resourceVersion"] = value.Obj("metadata").Str("resourceVersion") };
                await ApiResponse.WriteJsonAsync(request.Http, tables.Build(request.Type, [value], metadata, request.Query("includeObject")), code);
                break;
            case MediaType.PartialMetadata:
                await ApiResponse.WriteJsonAsync(request.Http, TableBuilder.PartialMetadata(value), code);
                break;
            case MediaType.PartialMetadataList:
                throw ApiError.WrongForm($"you requested PartialObjectMetadataList, but the requested object is not a list ({request.Type.Kind})");
            case MediaType.Yaml:
                await ApiResponse.WriteYamlAsync(request.Http, value, code);
                break;
            default:
                await ApiResponse.WriteJsonAsync(request.Http, value, code);
                break;
        }
    }

    public async Task ListAsync(ApiRequest request)
    {
        if (request.Accept == MediaType.PartialMetadata)
        {
            throw ApiError.WrongForm($"you requested PartialObjectMetadata, but the requested object is a list ({request.Type.ListKind})");
        }

        var page = Select(request);
        ApiResponse.AddWarnings(request.Http, request.Warnings);
        var metadata = new JsonObject { ["resourceVersion"] = page.Revision.ToString() };
        if (page.Continue is not null)
        {
            metadata["continue"] = page.Continue;
        }

        if (page.Remaining is { } remaining)
        {
            metadata["remainingItemCount"] = remaining;
        }

        var type = request.Type;
        switch (request.Accept)
        {
            case MediaType.Table:
                var rows = page.Items.Select(i => ObjectService.Serve(i, type));
                await ApiResponse.WriteJsonAsync(request.Http, tables.Build(type, rows, metadata, request.Query("includeObject")));
                break;
            case MediaType.PartialMetadataList:
                await ApiResponse.WriteJsonAsync(request.Http, new JsonObject
                {
                    ["kind"] = "PartialObjectMetadataList",
                    ["apiVersion"] = "meta.k8s.io/v1",
                    ["metadata"] = metadata,
                    ["items"] = new JsonArray([.. page.Items.Select(i => (JsonNode?)TableBuilder.PartialMetadata(i.Read()))]),
                });
                break;
            case MediaType.Yaml:
                await ApiResponse.WriteYamlAsync(request.Http, JsonBody.Parse(ListText(request, page.Items, metadata).WrittenSpan)!, 200);
                break;
            default:
                await ApiResponse.WriteBytesAsync(request.Http, ListText(request, page.Items, metadata).WrittenMemory);
                break;
        }
    }

    /// <summary>A revision that has not been written yet cannot be waited for here.</summary>
    public void RequireKnownRevision(long? revision)
    {
        if (revision > objects.Store.Revision)
        {
            throw ApiError.UnknownRevision(revision.Value, objects.Store.Revision);
        }
    }

    private Page Select(ApiRequest request)
    {
        var query = ListQuery.Read(request);
        var resource = request.Type.StorageResource;
        var (snapshot, after) = query.Continue is { } token
            ? pages.Redeem(resource, token, objects.Store)
            : (SnapshotFor(query, resource), null);
        var prefix = request.Namespace.Length == 0 ? null : request.Namespace + "/";
        var items = new List<StoredObject>();
        string? more = null;
        var remaining = 0;
        foreach (var (path, stored) in snapshot.Objects)
        {
            if ((after is not null && string.CompareOrdinal(path, after) <= 0)
                || (prefix is not null && !path.StartsWith(prefix, StringComparison.Ordinal))
                || !query.Labels.Matches(stored.Labels) || !(query.Fields.IsEverything || query.Fields.Matches(stored)))
            {
                continue;
            }

            if (query.Limit == 0 || items.Count < query.Limit)
            {
                items.Add(stored);
                continue;
            }

            more ??= pages.Issue(resource, snapshot, items[^1].Key.Path);
            remaining++;
            if (!query.SelectsEverything)
            {
                break;
            }
        }

        // Only a list without selectors knows how many are left, as upstream.
        return new Page(items, snapshot.Revision, more, more is not null && query.SelectsEverything ? remaining : null);
    }

    private ResourceSnapshot SnapshotFor(ListQuery query, string resource)
    {
        RequireKnownRevision(query.Revision);
        return query.Exact
            ? pages.Exact(resource, query.Revision!.Value, objects.Store) ?? throw ApiError.Gone("The resourceVersion for the provided list is too old.")
            : objects.Store.Snapshot(resource);
    }

    /// <summary>The list as text, items copied as they are stored.</summary>
    private static ArrayBufferWriter<byte> ListText(ApiRequest request, List<StoredObject> items, JsonObject metadata)
    {
        var type = request.Type;
        var buffer = new ArrayBufferWriter<byte>(1024 + items.Sum(i => i.Json.Length + 1));
        buffer.Write(Encoding.UTF8.GetBytes($"{{\"kind\":\"{type.ListKind}\",\"apiVersion\":\"{type.GroupVersion}\",\"metadata\":"));
        buffer.Write(JsonBody.ToBytes(metadata));
        buffer.Write(",\"items\":["u8);
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0)
            {
                buffer.Write(","u8);
            }

            buffer.Write(type.Conversion is null ? items[i].Json : JsonBody.ToBytes(ObjectService.Serve(items[i], type)));
        }

        buffer.Write("]}"u8);
        return buffer;
    }

    private sealed record Page(List<StoredObject> Items, long Revision, string? Continue, int? Remaining);
}
