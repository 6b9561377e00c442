using System.Text.Json.Nodes;

namespace Mooring.Sandbox.KubeApi.Schema;

/// <summary>Fills in defaults, in place. A null where null is not allowed counts as absent.</summary>
internal static class SchemaDefaulter
{
    public static void Apply(JsonNode? value, ObjectSchema schema)
    {
        switch (value)
        {
            case JsonObject map:
                DropNulls(map, schema);
                foreach (var (name, property) in schema.Properties)
                {
                    if (property.Default is not null && (!map.TryGetPropertyValue(name, out var present) || (present is null && !property.Nullable)))
                    {
                        map[name] = property.Default.DeepClone();
                    }
                }

                foreach (var (name, child) in map)
                {
                    if (schema.Field(name) is { } field)
                    {
                        Apply(child, field);
                    }
                }

                break;
            case JsonArray list when schema.Items is not null:
                foreach (var item in list)
                {
                    Apply(item, schema.Items);
                }

                break;
        }
    }

    private static void DropNulls(JsonObject map, ObjectSchema schema)
    {
        List<string>? drop = null;
        foreach (var (name, child) in map)
        {
            if (child is null && schema.Field(name) is { Nullable: false, Type: not SchemaType.Any })
            {
                (drop ??= []).Add(name);
            }
        }

        drop?.ForEach(name => map.Remove(name));
    }
}
