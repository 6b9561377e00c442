using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Apply;

/// <summary>The elements of a path in <c>fieldsV1</c> notation.</summary>
internal static class PathElement
{
    public static string Field(string name) => "f:" + name;

    /// <summary>
    /// The element of a list item, or null when the item cannot be told apart (a key field is missing). Key fields
    /// that have a default count with it, as the item will be stored with it.
    /// </summary>
    public static string? Item(JsonNode? item, ObjectSchema list)
    {
        if (list.ListType == ListType.Set)
        {
            return "v:" + (item is null ? "null" : JsonBody.ToText(item));
        }

        var keys = new JsonObject();
        foreach (var name in list.ListMapKeys.Order(StringComparer.Ordinal))
        {
            if (((item as JsonObject)?[name] ?? list.Items?.Field(name)?.Default) is { } value)
            {
                keys[name] = value.DeepClone();
            }
        }

        return keys.Count == 0 ? null : "k:" + JsonBody.ToText(keys);
    }

    public static string Describe(string element)
    {
        var body = element[2..];
        switch (element[0])
        {
            case 'f':
                return "." + body;
            case 'k' when JsonNode.Parse(body) is JsonObject keys:
                return "[" + string.Join(",", keys.Select(k => $"{k.Key}={(k.Value is null ? "null" : JsonBody.ToText(k.Value))}")) + "]";
            case 'v':
                return $"[={body}]";
            default:
                return $"[{body}]";
        }
    }
}
