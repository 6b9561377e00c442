using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Apply;

/// <summary>How a value is divided into fields: whether it is owned as a whole, and what schema its parts have.</summary>
internal static class TypedValues
{
    private static readonly ObjectSchema Unknown = ObjectSchema.Anything;

    public static bool IsAtomic(JsonNode? value, ObjectSchema? schema) => value switch
    {
        JsonObject => schema?.AtomicMap ?? false,
        JsonArray => schema is null || schema.Type != SchemaType.Array || schema.ListType == ListType.Atomic,
        _ => true,
    };

    public static ObjectSchema FieldSchema(ObjectSchema? schema, string name) => schema?.Field(name) ?? Unknown;

    /// <summary>Whether the field is declared by name, not an entry of a map or an unknown field.</summary>
    public static bool IsDeclared(ObjectSchema? schema, string name) => schema?.Properties.ContainsKey(name) ?? false;

    /// <summary>All paths of a value; <paramref name="set"/> is the node of the value itself.</summary>
    public static void Collect(JsonNode? value, ObjectSchema? schema, FieldSet set)
    {
        if (IsAtomic(value, schema))
        {
            set.IsMember = true;
            return;
        }

        if (value is JsonObject map)
        {
            foreach (var (name, child) in map)
            {
                var node = set.Child(PathElement.Field(name));
                Collect(child, FieldSchema(schema, name), node);
                node.IsMember |= child is JsonObject { Count: 0 } || !IsDeclared(schema, name);
            }
        }
        else if (value is JsonArray list)
        {
            foreach (var item in list)
            {
                if (PathElement.Item(item, schema!) is { } element)
                {
                    var node = set.Child(element);
                    if (schema!.ListType == ListType.Map)
                    {
                        Collect(item, schema.Items, node);
                    }

                    node.IsMember = true;
                }
            }
        }
    }

    /// <summary>Items of a list by their path element.</summary>
    public static Dictionary<string, JsonNode?> ByElement(JsonArray? list, ObjectSchema schema)
    {
        var items = new Dictionary<string, JsonNode?>(StringComparer.Ordinal);
        foreach (var item in list ?? [])
        {
            if (PathElement.Item(item, schema) is { } element)
            {
                items.TryAdd(element, item);
            }
        }

        return items;
    }
}
