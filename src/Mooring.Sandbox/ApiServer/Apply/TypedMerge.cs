using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Apply;

/// <summary>Lays an applied configuration over the live object.</summary>
internal static class TypedMerge
{
    public static JsonNode? Merge(JsonNode? live, JsonNode? applied, ObjectSchema? schema)
    {
        if (applied is JsonObject fields && live is JsonObject current && !TypedValues.IsAtomic(fields, schema))
        {
            var merged = (JsonObject)current.DeepClone();
            foreach (var (name, value) in fields)
            {
                merged[name] = Merge(current[name], value, TypedValues.FieldSchema(schema, name));
            }

            return merged;
        }

        if (applied is JsonArray items && live is JsonArray present && !TypedValues.IsAtomic(items, schema))
        {
            return MergeList(present, items, schema!);
        }

        return applied?.DeepClone();
    }

    /// <summary>The applied items in their order; those only in the live list keep their place, before new ones.</summary>
    private static JsonArray MergeList(JsonArray live, JsonArray applied, ObjectSchema schema)
    {
        var wanted = TypedValues.ByElement(applied, schema);
        var present = live.Select(i => (Element: PathElement.Item(i, schema), Item: i)).ToList();
        var merged = new JsonArray();
        var next = 0;
        foreach (var (element, item) in wanted)
        {
            var at = present.FindIndex(p => p.Element == element);
            for (; next < (at < 0 ? present.Count : at) && (at >= 0 || !IsWanted(present[next].Element)); next++)
            {
                AddUnlessApplied(present[next]);
            }

            next = Math.Max(next, at + 1);
            merged.Add(at < 0 ? item?.DeepClone() : Merge(present[at].Item, item, schema.Items));
        }

        for (; next < present.Count; next++)
        {
            AddUnlessApplied(present[next]);
        }

        return merged;

        bool IsWanted(string? element) => element is not null && wanted.ContainsKey(element);

        void AddUnlessApplied((string? Element, JsonNode? Item) entry)
        {
            if (!IsWanted(entry.Element))
            {
                merged.Add(entry.Item?.DeepClone());
            }
        }
    }
}
