using System.Globalization;
using System.Text.Json.Nodes;

namespace Mooring.Conformance.Tests.Cluster;

internal static class JsonNodeExtensions
{
    /// <summary>
    /// A field by its dotted path, a number for an item of a list; null where it is absent. Names with dots in them stand
    /// in brackets: <c>metadata.labels[a.b/c]</c>.
    /// </summary>
    public static JsonNode? At(this JsonNode? node, string path)
    {
        while (path.Length > 0 && node is not null)
        {
            string part;
            if (path[0] == '[')
            {
                var close = path.IndexOf(']');
                part = path[1..close];
                path = path[(close + 1)..].TrimStart('.');
            }
            else
            {
                var end = path.IndexOfAny(['.', '[']);
                part = end < 0 ? path : path[..end];
                path = end < 0 ? "" : path[end..].TrimStart('.');
            }

            node = node switch
            {
                JsonObject map => map[part],
                JsonArray list when int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var at) && at < list.Count => list[at],
                _ => null,
            };
        }

        return node;
    }

    public static string? Text(this JsonNode? node, string path) => (string?)node.At(path);

    public static bool Has(this JsonNode? node, string path, string name) => node.At(path) is JsonObject map && map.ContainsKey(name);
}
