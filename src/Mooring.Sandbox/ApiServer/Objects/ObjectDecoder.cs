using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Resources;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Objects;

/// <summary>Between a request's body and a candidate object: kind check, unknown fields, pruning, defaults.</summary>
internal static class ObjectDecoder
{
    /// <summary>Fills in <c>apiVersion</c> and <c>kind</c>, and refuses those of another resource.</summary>
    public static void CheckKind(JsonObject value, ResourceType type)
    {
        var (apiVersion, kind) = (value.Str("apiVersion"), value.Str("kind"));
        if (string.IsNullOrEmpty(kind) && string.IsNullOrEmpty(apiVersion))
        {
            value["apiVersion"] = type.GroupVersion;
            value["kind"] = type.Kind;
            return;
        }

        if (kind != type.Kind || apiVersion != type.GroupVersion)
        {
            throw ApiError.BadRequest(
                $"the API version in the data ({apiVersion}) and kind ({kind}) do not match the expected {type.GroupVersion} {type.Kind}");
        }
    }

    /// <summary>Drops what the schema does not know, complaining as asked, and fills in defaults. In place.</summary>
    public static void Decode(JsonObject value, ResourceType type, WriteOptions options, IReadOnlyList<string> duplicates)
    {
        if (type.Custom is null)
        {
            // Go's decoder takes null as absent.
            DropNulls(value);
        }

        var unknown = SchemaPruner.Prune(value, type.Schema);
        var complaints = duplicates.Select(d => $"duplicate field \"{d}\"").Concat(unknown.Select(u => $"unknown field \"{u}\"")).ToList();
        if (complaints.Count > 0)
        {
            switch (options.FieldValidation)
            {
                case FieldValidation.Strict:
                    throw ApiError.BadRequest(
                        $"{type.Kind} in version \"{type.Version}\" cannot be handled as a {type.Kind}: strict decoding error: {string.Join(", ", complaints)}");
                case FieldValidation.Warn:
                    options.Warnings.AddRange(complaints);
                    break;
            }
        }

        SchemaDefaulter.Apply(value, type.Schema);
    }

    /// <summary>Validates against the schema. A wrong type in a built-in kind fails decoding upstream, hence 400.</summary>
    public static void Validate(JsonObject value, JsonObject? current, ResourceType type, List<FieldError> errors)
    {
        var found = SchemaValidator.Validate(value, type.Schema, type.Custom is null ? null : current);
        if (type.Custom is null && found.FirstOrDefault(e => e.Reason == "FieldValueTypeInvalid" || e.Body.Contains("must be of type byte", StringComparison.Ordinal)) is { } mistyped)
        {
            throw ApiError.BadRequest($"{type.Kind} in version \"{type.Version}\" cannot be handled as a {type.Kind}: {mistyped}");
        }

        errors.AddRange(found);
    }

    private static void DropNulls(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject map:
                foreach (var name in map.Where(p => p.Value is null).Select(p => p.Key).ToList())
                {
                    map.Remove(name);
                }

                foreach (var (_, child) in map)
                {
                    DropNulls(child);
                }

                break;
            case JsonArray list:
                foreach (var item in list)
                {
                    DropNulls(item);
                }

                break;
        }
    }
}
