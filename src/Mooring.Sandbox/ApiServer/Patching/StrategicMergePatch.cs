using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Patching;

/// <summary>
/// Strategic merge patch for the built-in kinds: a merge patch that merges lists by their merge key, with the
/// directives <c>$patch</c>, <c>$deleteFromPrimitiveList</c>, <c>$setElementOrder</c> and <c>$retainKeys</c>.
/// </summary>
internal static class StrategicMergePatch
{
    private const string Directive = "$patch";
    private const string RetainKeys = "$retainKeys";
    private const string DeletePrefix = "$deleteFromPrimitiveList/";
    private const string OrderPrefix = "$setElementOrder/";

    public static JsonNode? Apply(JsonNode? target, JsonNode? patch, ObjectSchema schema) =>
        patch is JsonObject changes
            ? MergeObject(target as JsonObject ?? [], changes, schema)
            : throw ApiError.BadRequest("error decoding patch: a strategic merge patch is an object");

    private static JsonNode? MergeObject(JsonObject target, JsonObject patch, ObjectSchema? schema)
    {
        switch (patch.Str(Directive))
        {
            case "replace":
                var replacement = (JsonObject)patch.DeepClone();
                replacement.Remove(Directive);
                return replacement;
            case "delete":
                return null;
            case null or "merge":
                break;
            case var other:
                throw ApiError.BadRequest($"unrecognized patch directive {other}");
        }

        var result = (JsonObject)target.DeepClone();
        if (patch.Arr(RetainKeys) is { } retained)
        {
            var keep = retained.Select(k => k.AsString()).ToHashSet(StringComparer.Ordinal);
            foreach (var name in result.Select(p => p.Key).Where(k => !keep.Contains(k)).ToList())
            {
                result.Remove(name);
            }
        }

        foreach (var (name, change) in patch)
        {
            if (name.StartsWith('$'))
            {
                continue;
            }

            var child = schema?.Field(name);
            if (change is null)
            {
                result.Remove(name);
            }
            else if (change is JsonObject fields)
            {
                var merged = MergeObject(result[name] as JsonObject ?? [], fields, child);
                result[name] = merged;
                if (merged is null)
                {
                    result.Remove(name);
                }
            }
            else if (change is JsonArray items && child is { Type: SchemaType.Array, ListType: not ListType.Atomic })
            {
                result[name] = MergeList(result[name] as JsonArray ?? [], items, child);
            }
            else
            {
                result[name] = change.DeepClone();
            }
        }

        ApplyListDirectives(result, patch, schema);
        return result;
    }

    private static JsonArray MergeList(JsonArray target, JsonArray patch, ObjectSchema schema)
    {
        if (patch.Any(p => p.Str(Directive) == "replace"))
        {
            return [.. patch.Where(p => p.Str(Directive) != "replace").Select(p => p?.DeepClone())];
        }

        var result = (JsonArray)target.DeepClone();
        foreach (var item in patch)
        {
            if (schema.ListType == ListType.Set)
            {
                if (!result.Any(r => JsonNode.DeepEquals(r, item)))
                {
                    result.Add(item?.DeepClone());
                }

                continue;
            }

            // Upstream merges by a single key, which is the first one here.
            var key = schema.ListMapKeys[0];
            if (item is not JsonObject fields || fields[key] is not { } value)
            {
                throw ApiError.BadRequest($"map: {item?.ToJsonString()} does not contain declared merge key: {key}");
            }

            var at = result.Select((r, i) => (Item: r, Index: i)).FirstOrDefault(r => JsonNode.DeepEquals((r.Item as JsonObject)?[key], value), (null, -1)).Index;
            if (fields.Str(Directive) == "delete")
            {
                if (at >= 0)
                {
                    result.RemoveAt(at);
                }
            }
            else if (at >= 0)
            {
                result[at] = MergeObject((JsonObject)result[at]!, fields, schema.Items);
            }
            else
            {
                result.Add(MergeObject([], fields, schema.Items));
            }
        }

        return result;
    }

    private static void ApplyListDirectives(JsonObject result, JsonObject patch, ObjectSchema? schema)
    {
        foreach (var (name, change) in patch)
        {
            if (name.StartsWith(DeletePrefix, StringComparison.Ordinal) && result[name[DeletePrefix.Length..]] is JsonArray list && change is JsonArray gone)
            {
                foreach (var item in list.Where(i => gone.Any(g => JsonNode.DeepEquals(g, i))).ToList())
                {
                    list.Remove(item);
                }
            }
            else if (name.StartsWith(OrderPrefix, StringComparison.Ordinal) && change is JsonArray order)
            {
                var field = name[OrderPrefix.Length..];
                if (result[field] is JsonArray items && schema?.Field(field) is { ListType: not ListType.Atomic } child)
                {
                    result[field] = Ordered(items, order, child);
                }
            }
        }
    }

    /// <summary>Items named in the order come in that order, each of the others stays behind the one it followed.</summary>
    private static JsonArray Ordered(JsonArray items, JsonArray order, ObjectSchema schema)
    {
        JsonNode? KeyOf(JsonNode? item) => schema.ListType == ListType.Map ? (item as JsonObject)?[schema.ListMapKeys[0]] : item;
        var ranks = new List<(double Rank, JsonNode? Item)>();
        double last = -1;
        foreach (var item in items)
        {
            var at = order.Select((o, i) => (Key: KeyOf(o), Index: i)).FirstOrDefault(o => JsonNode.DeepEquals(o.Key, KeyOf(item)), (null, -1)).Index;
            last = at >= 0 ? at : last + 0.0001;
            ranks.Add((last, item));
        }

        return [.. ranks.OrderBy(r => r.Rank).Select(r => r.Item?.DeepClone())];
    }
}
