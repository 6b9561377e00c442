using System.Text.Json.Nodes;

namespace Mooring.Sandbox.KubeApi.Schema;

/// <summary>Removes fields that the schema does not know, in place, and returns their paths.</summary>
internal static class SchemaPruner
{
    /// <param name="value">The object.</param>
    /// <param name="schema">Its schema.</param>
    /// <param name="remove">False to only report.</param>
    public static List<string> Prune(JsonNode? value, ObjectSchema schema, bool remove = true)
    {
        var unknown = new List<string>();
        Visit(value, schema, "", remove, unknown);
        return unknown;
    }

    private static void Visit(JsonNode? value, ObjectSchema schema, string path, bool remove, List<string> unknown)
    {
        switch (value)
        {
            case JsonObject map:
                VisitObject(map, schema, path, remove, unknown);
                break;
            case JsonArray list when schema.Items is not null:
                for (var i = 0; i < list.Count; i++)
                {
                    Visit(list[i], schema.Items, $"{path}[{i}]", remove, unknown);
                }

                break;
        }
    }

    private static void VisitObject(JsonObject map, ObjectSchema schema, string path, bool remove, List<string> unknown)
    {
        List<string>? drop = null;
        foreach (var (name, child) in map)
        {
            var childPath = path.Length == 0 ? name : $"{path}.{name}";
            if (schema.Field(name) is { } field)
            {
                Visit(child, field, childPath, remove, unknown);
            }
            else if (!schema.PreserveUnknownFields && schema.Type != SchemaType.Any && !(schema.EmbeddedResource && name is "apiVersion" or "kind" or "metadata"))
            {
                unknown.Add(childPath);
                (drop ??= []).Add(name);
            }
        }

        if (remove && drop is not null)
        {
            drop.ForEach(name => map.Remove(name));
        }
    }
}
