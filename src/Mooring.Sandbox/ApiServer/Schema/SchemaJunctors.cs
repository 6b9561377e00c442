using System.Text.Json.Nodes;

namespace Mooring.Sandbox.KubeApi.Schema;

/// <summary><c>allOf</c>, <c>anyOf</c>, <c>oneOf</c> and <c>not</c>.</summary>
internal static class SchemaJunctors
{
    public delegate void Visitor(JsonNode? value, ObjectSchema schema, string path, List<FieldError> errors);

    public static void Check(JsonNode value, ObjectSchema schema, string path, List<FieldError> errors, Visitor visit)
    {
        foreach (var part in schema.AllOf)
        {
            visit(value, part, path, errors);
        }

        // Upstream puts an empty text where the value would stand.
        if (schema.AnyOf.Count > 0 && Best(value, schema.AnyOf, path, visit, out var closest) == 0)
        {
            errors.Add(FieldError.Invalid(path, JsonValue.Create(""), $"\"{path}\" must validate at least one schema (anyOf)"));
            errors.AddRange(closest);
        }

        if (schema.OneOf.Count > 0 && Best(value, schema.OneOf, path, visit, out closest) is var valid and not 1)
        {
            var found = valid == 0 ? "Found none valid" : $"Found {valid} valid alternatives";
            errors.Add(FieldError.Invalid(path, JsonValue.Create(""), $"\"{path}\" must validate one and only one schema (oneOf). {found}"));
            errors.AddRange(valid == 0 ? closest : []);
        }

        if (schema.Not is not null && Fails(value, schema.Not, path, visit).Count == 0)
        {
            errors.Add(FieldError.Invalid(path, JsonValue.Create(""), $"\"{path}\" must not validate the schema (not)"));
        }
    }

    /// <summary>How many alternatives hold, and the errors of the one that failed least.</summary>
    private static int Best(JsonNode value, IReadOnlyList<ObjectSchema> alternatives, string path, Visitor visit, out List<FieldError> closest)
    {
        var results = alternatives.Select(a => Fails(value, a, path, visit)).ToList();
        closest = results.MinBy(r => r.Count)!;
        return results.Count(r => r.Count == 0);
    }

    private static List<FieldError> Fails(JsonNode value, ObjectSchema schema, string path, Visitor visit)
    {
        var errors = new List<FieldError>();
        visit(value, schema, path, errors);
        return errors;
    }
}
