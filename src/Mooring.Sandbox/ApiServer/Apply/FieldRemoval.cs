using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Apply;

/// <summary>Takes out of an object the fields that a manager applied before and no longer applies.</summary>
internal static class FieldRemoval
{
    /// <param name="value">Changed in place.</param>
    /// <param name="schema">Its schema.</param>
    /// <param name="dropped">What the manager owned at its last apply.</param>
    /// <param name="owned">What anybody owns now, the manager's new set included.</param>
    public static void Apply(JsonNode? value, ObjectSchema? schema, FieldSet dropped, FieldSet? owned)
    {
        foreach (var (element, node) in dropped.Children)
        {
            var stillOwned = owned?.Find(element);
            if (value is JsonObject map && element.StartsWith("f:", StringComparison.Ordinal))
            {
                var name = element[2..];
                if (map.TryGetPropertyValue(name, out var child) && ShouldRemove(child, TypedValues.FieldSchema(schema, name), node, stillOwned))
                {
                    map.Remove(name);
                }
            }
            else if (value is JsonArray list && schema?.Items is not null && !TypedValues.IsAtomic(list, schema))
            {
                var at = list.Select((item, index) => (Item: item, Index: index)).FirstOrDefault(i => PathElement.Item(i.Item, schema) == element, (null, -1)).Index;
                if (at >= 0 && ShouldRemove(list[at], schema.Items, node, stillOwned))
                {
                    list.RemoveAt(at);
                }
            }
        }
    }

    private static bool ShouldRemove(JsonNode? value, ObjectSchema? schema, FieldSet node, FieldSet? owned)
    {
        if (owned is { IsEmpty: false })
        {
            Apply(value, schema, node, owned);
            return false;
        }

        if (node.IsMember)
        {
            return true;
        }

        Apply(value, schema, node, owned);
        return value is JsonObject { Count: 0 } or JsonArray { Count: 0 };
    }
}
