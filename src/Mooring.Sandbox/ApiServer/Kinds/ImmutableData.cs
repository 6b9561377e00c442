using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Kinds;

/// <summary><c>immutable: true</c> of config maps and secrets.</summary>
internal static class ImmutableData
{
    public static void Check(JsonObject next, JsonObject? current, List<FieldError> errors)
    {
        if (current.Bool("immutable") != true)
        {
            return;
        }

        if (next.Bool("immutable") != true)
        {
            errors.Add(FieldError.Forbidden("immutable", "field is immutable when `immutable` is set"));
        }

        foreach (var field in (string[])["data", "binaryData"])
        {
            if (!JsonNode.DeepEquals(next[field], current?[field]))
            {
                errors.Add(FieldError.Forbidden(field, "field is immutable when `immutable` is set"));
            }
        }
    }
}
