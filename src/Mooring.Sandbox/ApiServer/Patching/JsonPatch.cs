using System.Globalization;
using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Json;

namespace Mooring.Sandbox.KubeApi.Patching;

/// <summary>JSON patch, RFC 6902.</summary>
internal static class JsonPatch
{
    /// <summary>Upstream's bound on the operations in one patch.</summary>
    private const int MaxOperations = 10_000;

    public static JsonNode? Apply(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonArray operations || operations.Any(o => o is not JsonObject))
        {
            throw ApiError.BadRequest("error decoding patch: a JSON patch is an array of operations");
        }

        if (operations.Count > MaxOperations)
        {
            throw ApiError.TooLarge(MaxOperations);
        }

        var document = target?.DeepClone();
        foreach (var operation in operations.Cast<JsonObject>())
        {
            var path = Pointer(operation, "path");
            switch (operation.Str("op"))
            {
                case "add":
                    Add(ref document, path, Value(operation));
                    break;
                case "remove":
                    Remove(ref document, path);
                    break;
                case "replace":
                    _ = Find(document, path);
                    Replace(ref document, path, Value(operation));
                    break;
                case "move":
                    var from = Pointer(operation, "from");
                    if (path.Length > from.Length && path.AsSpan(0, from.Length).SequenceEqual(from))
                    {
                        throw Failed("a value cannot be moved into itself");
                    }

                    var moved = Find(document, from)?.DeepClone();
                    Remove(ref document, from);
                    Add(ref document, path, moved);
                    break;
                case "copy":
                    Add(ref document, path, Find(document, Pointer(operation, "from"))?.DeepClone());
                    break;
                case "test":
                    if (!JsonNode.DeepEquals(Find(document, path), Value(operation)))
                    {
                        throw Failed($"testing value {operation.Str("path")} failed: test failed");
                    }

                    break;
                case var other:
                    throw ApiError.BadRequest($"error decoding patch: unexpected kind: {other}");
            }
        }

        return document;
    }

    private static ApiException Failed(string why) =>
        new(422, "Invalid", $"the server rejected our request due to an error in our request: {why}");

    private static JsonNode? Value(JsonObject operation) =>
        operation.ContainsKey("value") ? operation["value"]?.DeepClone() : throw ApiError.BadRequest("error decoding patch: missing value");

    private static string[] Pointer(JsonObject operation, string field)
    {
        var text = operation.Str(field) ?? throw ApiError.BadRequest($"error decoding patch: missing {field}");
        if (text.Length == 0)
        {
            return [];
        }

        return text[0] == '/'
            ? [.. text[1..].Split('/').Select(t => t.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))]
            : throw ApiError.BadRequest($"error decoding patch: {field} \"{text}\" is not a JSON pointer");
    }

    private static JsonNode? Find(JsonNode? document, ReadOnlySpan<string> path)
    {
        foreach (var token in path)
        {
            document = document switch
            {
                JsonObject map when map.TryGetPropertyValue(token, out var child) => child,
                JsonArray list => list[Index(list, token, list.Count - 1)],
                _ => throw Failed($"the path \"/{string.Join('/', path!)}\" does not exist"),
            };
        }

        return document;
    }

    private static int Index(JsonArray list, string token, int last) =>
        int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index <= last
        && (token.Length == 1 || token[0] != '0') && list.Count >= 0
            ? index
            : throw Failed($"index {token} is out of bounds");

    private static void Add(ref JsonNode? document, string[] path, JsonNode? value)
    {
        if (path.Length == 0)
        {
            document = value;
            return;
        }

        switch (Find(document, path.AsSpan(0, path.Length - 1)))
        {
            case JsonObject map:
                map[path[^1]] = value;
                break;
            case JsonArray list:
                list.Insert(path[^1] == "-" ? list.Count : Index(list, path[^1], list.Count), value);
                break;
            default:
                throw Failed($"cannot add to \"/{string.Join('/', path)}\"");
        }
    }

    private static void Replace(ref JsonNode? document, string[] path, JsonNode? value)
    {
        if (path.Length > 0 && Find(document, path.AsSpan(0, path.Length - 1)) is JsonArray list)
        {
            list[Index(list, path[^1], list.Count - 1)] = value;
            return;
        }

        Add(ref document, path, value);
    }

    private static void Remove(ref JsonNode? document, string[] path)
    {
        _ = Find(document, path);
        if (path.Length == 0)
        {
            document = null;
            return;
        }

        switch (Find(document, path.AsSpan(0, path.Length - 1)))
        {
            case JsonObject map:
                map.Remove(path[^1]);
                break;
            case JsonArray list:
                list.RemoveAt(Index(list, path[^1], list.Count - 1));
                break;
        }
    }
}
