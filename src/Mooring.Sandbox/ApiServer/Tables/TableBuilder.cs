using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Resources;

namespace Mooring.Sandbox.KubeApi.Tables;

/// <summary>Makes <c>meta.k8s.io/v1 Table</c> answers, from which kubectl prints.</summary>
internal sealed class TableBuilder(TimeProvider time)
{
    /// <param name="type">The kind of the objects.</param>
    /// <param name="objects">Rows.</param>
    /// <param name="listMetadata">Metadata of the list, or of the single object.</param>
    /// <param name="includeObject"><c>None</c>, <c>Metadata</c> (default) or <c>Object</c>.</param>
    /// <param name="headers">False in a watch after its first event.</param>
    public JsonObject Build(ResourceType type, IEnumerable<JsonObject> objects, JsonObject listMetadata, string? includeObject, bool headers = true)
    {
        if (includeObject is not (null or "None" or "Metadata" or "Object"))
        {
            throw ApiError.BadRequest($"Unable to convert to Table as requested: includeObject: Invalid value: \"{includeObject}\": must be 'Metadata', 'Object', 'None', or empty");
        }

        var columns = ColumnsFor(type);
        var rows = new JsonArray();
        foreach (var item in objects)
        {
            var row = new JsonObject { ["cells"] = new JsonArray([.. columns.Select(c => c.Cell(item))]) };
            switch (includeObject)
            {
                case "None":
                    break;
                case "Object":
                    row["object"] = item.DeepClone();
                    break;
                default:
                    row["object"] = PartialMetadata(item);
                    break;
            }

            rows.Add(row);
        }

        return new JsonObject
        {
            ["kind"] = "Table",
            ["apiVersion"] = "meta.k8s.io/v1",
            ["metadata"] = listMetadata,
            ["columnDefinitions"] = headers ? new JsonArray([.. columns.Select(c => (JsonNode?)c.ToJson())]) : [],
            ["rows"] = rows,
        };
    }

    public static JsonObject PartialMetadata(JsonObject value) => new()
    {
        ["kind"] = "PartialObjectMetadata",
        ["apiVersion"] = "meta.k8s.io/v1",
        ["metadata"] = value["metadata"]?.DeepClone(),
    };

    private List<TableColumn> ColumnsFor(ResourceType type)
    {
        var now = time.GetUtcNow();
        var name = TableColumn.Text("Name", o => o.Obj("metadata").Str("name"), "Name must be unique within a namespace.");
        var age = TableColumn.Text("Age", o => HumanTime.Since(o.Obj("metadata").Str("creationTimestamp"), now), "Time since creation.");
        if (type.StorageResource == "events")
        {
            // Events are read by time; their names say nothing.
            return [.. BuiltinTables.Events(now)];
        }

        if (type.Custom is null)
        {
            return BuiltinTables.For(type.GroupResource) is { } builtin ? [name, .. builtin(age)] : [name, age];
        }

        return type.Custom.Columns.Count == 0 ? [name, age] : [name, .. type.Custom.Columns.Select(c => CustomColumn(c, now))];
    }

    private static TableColumn CustomColumn(PrinterColumn column, DateTimeOffset now) =>
        new(column.Name, column.Type == "date" ? "string" : column.Type, column.Format, column.Description, column.Priority, value =>
        {
            var found = JsonPath.Select(value, column.JsonPath);
            if (found.Count == 0)
            {
                return null;
            }

            switch (column.Type)
            {
                case "date":
                    return JsonValue.Create(HumanTime.Since(found[0].AsString(), now));
                case "string":
                    return JsonValue.Create(string.Join(",", found.Select(f => f.Display())));
                default:
                    return found[0].DeepClone();
            }
        });
}
