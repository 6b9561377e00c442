using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Apply;

/// <summary>Which fields differ between two states of an object.</summary>
/// <param name="Changed">Fields added or given another value.</param>
/// <param name="Removed">Fields that are gone.</param>
internal sealed record TypedComparison(FieldSet Changed, FieldSet Removed)
{
    public static TypedComparison Of(JsonNode? before, JsonNode? after, ObjectSchema schema)
    {
        var comparison = new TypedComparison(new FieldSet(), new FieldSet());
        Compare(before, after, schema, comparison.Changed, comparison.Removed);
        return comparison;
    }

    private static void Compare(JsonNode? before, JsonNode? after, ObjectSchema? schema, FieldSet changed, FieldSet removed)
    {
        if (before is JsonObject oldMap && after is JsonObject newMap && !TypedValues.IsAtomic(newMap, schema))
        {
            foreach (var name in newMap.Select(p => p.Key).Union(oldMap.Select(p => p.Key), StringComparer.Ordinal))
            {
                var element = PathElement.Field(name);
                var child = TypedValues.FieldSchema(schema, name);
                CompareChild(
                    (oldMap.TryGetPropertyValue(name, out var oldValue), oldValue), (newMap.TryGetPropertyValue(name, out var newValue), newValue),
                    child, element, changed, removed);
            }
        }
        else if (before is JsonArray oldList && after is JsonArray newList && !TypedValues.IsAtomic(newList, schema))
        {
            var (oldItems, newItems) = (TypedValues.ByElement(oldList, schema!), TypedValues.ByElement(newList, schema!));
            foreach (var element in newItems.Keys.Union(oldItems.Keys, StringComparer.Ordinal))
            {
                CompareChild(
                    (oldItems.TryGetValue(element, out var oldItem), oldItem), (newItems.TryGetValue(element, out var newItem), newItem),
                    schema!.Items, element, changed, removed);
            }
        }
        else if (!JsonNode.DeepEquals(before, after))
        {
            TypedValues.Collect(before, schema, removed);
            TypedValues.Collect(after, schema, changed);
            changed.IsMember = true;
            removed.ExceptWith(changed);
        }
    }

    private static void CompareChild(
        (bool Exists, JsonNode? Value) before, (bool Exists, JsonNode? Value) after, ObjectSchema? schema, string element,
        FieldSet changed, FieldSet removed)
    {
        if (before.Exists && after.Exists)
        {
            if (!JsonNode.DeepEquals(before.Value, after.Value))
            {
                Compare(before.Value, after.Value, schema, changed.Child(element), removed.Child(element));
            }
        }
        else
        {
            var node = (after.Exists ? changed : removed).Child(element);
            TypedValues.Collect(after.Exists ? after.Value : before.Value, schema, node);
            node.IsMember = true;
        }
    }
}
