using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mooring.Sandbox.KubeApi.Schema;

/// <summary>One thing wrong with one field: the path, a machine-readable reason, and the text after the path.</summary>
internal sealed record FieldError(string Path, string Reason, string Body)
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public override string ToString() => $"{Path}: {Body}";

    public static FieldError Invalid(string path, JsonNode? value, string detail) =>
        new(path, "FieldValueInvalid", $"Invalid value: {Show(value)}: {detail}");

    public static FieldError TypeInvalid(string path, string actualType, string detail) =>
        new(path, "FieldValueTypeInvalid", $"Invalid value: \"{actualType}\": {detail}");

    public static FieldError Required(string path, string detail = "") =>
        new(path, "FieldValueRequired", detail.Length == 0 ? "Required value" : $"Required value: {detail}");

    public static FieldError NotSupported(string path, JsonNode? value, IEnumerable<JsonNode?> supported) =>
        new(path, "FieldValueNotSupported", $"Unsupported value: {Show(value)}: supported values: {string.Join(", ", supported.Select(Show))}");

    public static FieldError TooLong(string path, long max) =>
        new(path, "FieldValueTooLong", $"Too long: may not be more than {max} bytes");

    public static FieldError TooMany(string path, int actual, long max) =>
        new(path, "FieldValueTooMany", $"Too many: {actual}: must have at most {max} items");

    public static FieldError Duplicate(string path, JsonNode? value) =>
        new(path, "FieldValueDuplicate", $"Duplicate value: {Show(value)}");

    public static FieldError Forbidden(string path, string detail) => new(path, "FieldValueForbidden", $"Forbidden: {detail}");

    private static string Show(JsonNode? value) => value is null ? "null" : value.ToJsonString(Plain);
}
