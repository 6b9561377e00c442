using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mooring.Sandbox.KubeApi.Json;

/// <summary>Reading of fields that may be absent or of another type than expected: both read as absent.</summary>
internal static class JsonNodeExtensions
{
    public static JsonObject? Obj(this JsonNode? node, string name) => (node as JsonObject)?[name] as JsonObject;

    public static JsonArray? Arr(this JsonNode? node, string name) => (node as JsonObject)?[name] as JsonArray;

    public static string? Str(this JsonNode? node, string name) => AsString((node as JsonObject)?[name]);

    public static long? Int(this JsonNode? node, string name) => AsLong((node as JsonObject)?[name]);

    public static bool? Bool(this JsonNode? node, string name) =>
        (node as JsonObject)?[name] is JsonValue value && value.TryGetValue(out bool flag) ? flag : null;

    public static string? AsString(this JsonNode? node) =>
        node is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    public static long? AsLong(this JsonNode? node)
    {
        if (node is not JsonValue value)
        {
            return null;
        }

        return value.TryGetValue(out long whole) ? whole : value.TryGetValue(out int small) ? small : null;
    }

    public static double? AsDouble(this JsonNode? node)
    {
        if (node is not JsonValue value || value.GetValueKind() != JsonValueKind.Number)
        {
            return null;
        }

        return value.TryGetValue(out double number) ? number
            : value.TryGetValue(out long whole) ? whole
            : value.TryGetValue(out int small) ? small
            : null;
    }

    /// <summary>The object at a name, created when it is absent or not an object.</summary>
    public static JsonObject Ensure(this JsonObject node, string name)
    {
        if (node[name] is JsonObject found)
        {
            return found;
        }

        var made = new JsonObject();
        node[name] = made;
        return made;
    }

    /// <summary>Scalars in their plain text form, compound values as JSON; null for JSON null.</summary>
    public static string? Display(this JsonNode? node) => node switch
    {
        null => null,
        JsonValue value when value.TryGetValue(out string? text) => text,
        _ => JsonBody.ToText(node),
    };
}
