using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;

namespace Mooring.Sandbox.KubeApi.Apply;

/// <summary>One entry of <c>metadata.managedFields</c>.</summary>
internal sealed record ManagedFieldsEntry(string Manager, string Operation, string Subresource, string ApiVersion, string Time, FieldSet Fields)
{
    public const string ApplyOperation = "Apply";
    public const string UpdateOperation = "Update";

    public bool IsSameManager(string manager, string operation, string subresource) =>
        Manager == manager && Operation == operation && Subresource == subresource;

    /// <summary>How a conflict names the manager.</summary>
    public string Describe()
    {
        var text = $"\"{Manager}\"";
        if (Subresource.Length > 0)
        {
            text += $" with subresource \"{Subresource}\"";
        }

        return Operation == UpdateOperation ? $"{text} using {ApiVersion}" : text;
    }

    public static List<ManagedFieldsEntry> ReadAll(JsonObject? metadata)
    {
        var entries = new List<ManagedFieldsEntry>();
        foreach (var entry in metadata.Arr("managedFields") ?? [])
        {
            if (entry.Str("operation") is { } operation && entry.Obj("fieldsV1") is { } fields)
            {
                entries.Add(new ManagedFieldsEntry(
                    entry.Str("manager") ?? "", operation, entry.Str("subresource") ?? "", entry.Str("apiVersion") ?? "",
                    entry.Str("time") ?? "", FieldSet.FromJson(fields)));
            }
        }

        return entries;
    }

    public static void WriteAll(JsonObject metadata, IEnumerable<ManagedFieldsEntry> entries)
    {
        var list = new JsonArray();
        foreach (var entry in entries)
        {
            var json = new JsonObject
            {
                ["manager"] = entry.Manager,
                ["operation"] = entry.Operation,
                ["apiVersion"] = entry.ApiVersion,
                ["time"] = entry.Time,
                ["fieldsType"] = "FieldsV1",
                ["fieldsV1"] = entry.Fields.ToJson(),
            };
            if (entry.Subresource.Length > 0)
            {
                json["subresource"] = entry.Subresource;
            }

            list.Add(json);
        }

        if (list.Count == 0)
        {
            metadata.Remove("managedFields");
        }
        else
        {
            metadata["managedFields"] = list;
        }
    }
}
