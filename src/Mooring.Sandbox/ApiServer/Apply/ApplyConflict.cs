using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Errors;

namespace Mooring.Sandbox.KubeApi.Apply;

/// <summary>The 409 of server-side apply, which names every field and its owner.</summary>
internal static class ApplyConflict
{
    public static ApiException Create(IReadOnlyList<(ManagedFieldsEntry Owner, FieldSet Fields)> conflicts)
    {
        var causes = new JsonArray();
        var lines = new List<string>();
        foreach (var (owner, fields) in conflicts)
        {
            var paths = fields.Paths().ToList();
            foreach (var path in paths)
            {
                causes.Add(new JsonObject
                {
                    ["reason"] = "FieldManagerConflict",
                    ["message"] = $"conflict with {owner.Describe()}",
                    ["field"] = path,
                });
            }

            lines.Add(paths.Count == 1
                ? $"conflict with {owner.Describe()}: {paths[0]}"
                : $"conflicts with {owner.Describe()}:\n- {string.Join("\n- ", paths)}");
        }

        var message = causes.Count == 1
            ? $"Apply failed with 1 conflict: {lines[0]}"
            : $"Apply failed with {causes.Count} conflicts: {string.Join("\n", lines)}";
        return new ApiException(409, "Conflict", message, new JsonObject { ["causes"] = causes });
    }
}
