using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Kinds;

/// <summary><c>immutable: true</c> of config maps and secrets, and how much they hold.</summary>
internal static class ImmutableData
{
    private const int MaxBytes = 1 << 20;

    /// <summary>Keys and values together are at most 1 MiB.</summary>
    public static void CheckSize(JsonObject next, List<FieldError> errors)
    {
        var total = 0L;
        foreach (var (key, value) in (next.Obj("data") ?? []).Concat(next.Obj("binaryData") ?? []))
        {
            total += key.Length + System.Text.Encoding.UTF8.GetByteCount(value.AsString() ?? "");
        }

        if (total > MaxBytes)
        {
            errors.Add(FieldError.TooLong("", MaxBytes));
        }
    }

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
