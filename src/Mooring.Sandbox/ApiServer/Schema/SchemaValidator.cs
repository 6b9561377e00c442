using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Mooring.Sandbox.KubeApi.Apply;
using Mooring.Sandbox.KubeApi.Json;

namespace Mooring.Sandbox.KubeApi.Schema;

/// <summary>Checks a value against a schema and words what it finds as the upstream server does.</summary>
internal static class SchemaValidator
{
    /// <param name="value">The candidate.</param>
    /// <param name="schema">Its schema.</param>
    /// <param name="before">
    /// What is stored, or null for a new object: what has not changed is not held against an update, so that a schema may
    /// become stricter under its objects.
    /// </param>
    public static List<FieldError> Validate(JsonNode? value, ObjectSchema schema, JsonNode? before = null)
    {
        var errors = new List<FieldError>();
        Visit(value, before, schema, "", errors);
        return errors;
    }

    private static void Visit(JsonNode? value, ObjectSchema schema, string path, List<FieldError> errors) => Visit(value, null, schema, path, errors);

    private static void Visit(JsonNode? value, JsonNode? before, ObjectSchema schema, string path, List<FieldError> errors)
    {
        if (before is not null && JsonNode.DeepEquals(value, before))
        {
            return;
        }

        if (value is null)
        {
            // A null has been dropped by defaulting where that was possible; elsewhere upstream refuses it too.
            if (!schema.Nullable && schema.Type != SchemaType.Any)
            {
                errors.Add(FieldError.TypeInvalid(path, "null", $"{path} in body must be of type {NameOf(schema.Type)}: \"null\""));
            }

            return;
        }

        if (!HasType(value, schema.Type, out var actual))
        {
            errors.Add(FieldError.TypeInvalid(path, actual, $"{path} in body must be of type {NameOf(schema.Type)}: \"{actual}\""));
            return;
        }

        if (schema.Enum is { } allowed && !allowed.Any(a => JsonNode.DeepEquals(a, value)))
        {
            errors.Add(FieldError.NotSupported(path, value, allowed));
        }

        switch (value)
        {
            case JsonObject map:
                VisitObject(map, before as JsonObject, schema, path, errors);
                break;
            case JsonArray list:
                VisitArray(list, before as JsonArray, schema, path, errors);
                break;
            case JsonValue scalar when scalar.TryGetValue(out string? text):
                CheckString(text, schema, path, errors);
                break;
            case JsonValue scalar when scalar.GetValueKind() == JsonValueKind.Number:
                CheckNumber(scalar, schema, path, errors);
                break;
        }

        SchemaJunctors.Check(value, schema, path, errors, Visit);
    }

    private static void VisitObject(JsonObject map, JsonObject? before, ObjectSchema schema, string path, List<FieldError> errors)
    {
        foreach (var name in schema.Required)
        {
            if (!map.ContainsKey(name))
            {
                errors.Add(FieldError.Required(Child(path, name)));
            }
        }

        if (schema.EmbeddedResource)
        {
            foreach (var name in (string[])["apiVersion", "kind"])
            {
                if (string.IsNullOrEmpty(map.Str(name)))
                {
                    errors.Add(FieldError.Required(Child(path, name), "must not be empty"));
                }
            }
        }

        if (schema.MaxProperties < map.Count)
        {
            errors.Add(FieldError.TooMany(path, map.Count, schema.MaxProperties.Value));
        }

        if (schema.MinProperties > map.Count)
        {
            errors.Add(FieldError.Invalid(path, JsonValue.Create(map.Count), $"{path} in body should have at least {schema.MinProperties} properties"));
        }

        foreach (var (name, child) in map)
        {
            if (schema.Properties.TryGetValue(name, out var property))
            {
                Visit(child, before?[name], property, Child(path, name), errors);
            }
            else if (schema.AdditionalProperties is not null)
            {
                Visit(child, before?[name], schema.AdditionalProperties, Child(path, name), errors);
            }
        }
    }

    private static void VisitArray(JsonArray list, JsonArray? before, ObjectSchema schema, string path, List<FieldError> errors)
    {
        if (schema.MaxItems < list.Count)
        {
            errors.Add(FieldError.TooMany(path, list.Count, schema.MaxItems.Value));
        }

        if (schema.MinItems > list.Count)
        {
            errors.Add(FieldError.Invalid(path, JsonValue.Create(list.Count), $"{path} in body should have at least {schema.MinItems} items"));
        }

        if (schema.UniqueItems && list.Select(i => i?.ToJsonString()).Distinct(StringComparer.Ordinal).Count() != list.Count)
        {
            errors.Add(FieldError.Invalid(path, JsonValue.Create(""), $"{path} in body shouldn't contain duplicates"));
        }

        // Only the items of a map-like list can be told again.
        var items = before is not null && schema.ListType == ListType.Map ? TypedValues.ByElement(before, schema) : [];
        for (var i = 0; i < list.Count; i++)
        {
            if (schema.Items is not null)
            {
                var old = items.Count > 0 && PathElement.Item(list[i], schema) is { } element ? items.GetValueOrDefault(element) : null;
                Visit(list[i], old, schema.Items, $"{path}[{i}]", errors);
            }
        }

        CheckListKeys(list, schema, path, errors);
    }

    private static void CheckListKeys(JsonArray list, ObjectSchema schema, string path, List<FieldError> errors)
    {
        if (schema.ListType == ListType.Atomic)
        {
            return;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < list.Count; i++)
        {
            JsonNode? key = list[i];
            if (schema.ListType == ListType.Map)
            {
                var fields = new JsonObject();
                foreach (var name in schema.ListMapKeys)
                {
                    if (list[i] is JsonObject item && (item[name] ?? schema.Items?.Field(name)?.Default) is { } part)
                    {
                        fields[name] = part.DeepClone();
                    }
                }

                key = fields;
            }

            if (!seen.Add(key?.ToJsonString() ?? "null"))
            {
                errors.Add(FieldError.Duplicate($"{path}[{i}]", key));
            }
        }
    }

    private static void CheckString(string text, ObjectSchema schema, string path, List<FieldError> errors)
    {
        // Lengths are in code points, as upstream counts runes.
        long length = schema.MaxLength is null && schema.MinLength is null ? 0 : text.EnumerateRunes().Count();
        if (length > schema.MaxLength)
        {
            errors.Add(FieldError.TooLong(path, schema.MaxLength.Value));
        }

        if (length < schema.MinLength)
        {
            errors.Add(FieldError.Invalid(path, JsonValue.Create(text), $"{path} in body should be at least {schema.MinLength} chars long"));
        }

        if (schema.CompiledPattern is not null && !Matches(schema.CompiledPattern, text))
        {
            errors.Add(FieldError.Invalid(path, JsonValue.Create(text), $"{path} in body should match '{schema.Pattern}'"));
        }

        if (schema.Format is not null && !SchemaFormats.Matches(schema.Format, text))
        {
            errors.Add(FieldError.Invalid(path, JsonValue.Create(text), $"{path} in body must be of type {schema.Format}: \"{text}\""));
        }
    }

    private static void CheckNumber(JsonValue value, ObjectSchema schema, string path, List<FieldError> errors)
    {
        var number = value.AsDouble() ?? 0;
        if (schema.Maximum is { } max && (number > max || (schema.ExclusiveMaximum && number >= max)))
        {
            errors.Add(FieldError.Invalid(path, value, $"{path} in body should be less than {(schema.ExclusiveMaximum ? "" : "or equal to ")}{max}"));
        }

        if (schema.Minimum is { } min && (number < min || (schema.ExclusiveMinimum && number <= min)))
        {
            errors.Add(FieldError.Invalid(path, value, $"{path} in body should be greater than {(schema.ExclusiveMinimum ? "" : "or equal to ")}{min}"));
        }

        if (schema.MultipleOf is { } step && step > 0 && Math.Abs(Math.IEEERemainder(number, step)) > 1e-9)
        {
            errors.Add(FieldError.Invalid(path, value, $"{path} in body should be a multiple of {step}"));
        }

        if (schema.Type == SchemaType.Integer && schema.Format == "int32" && number is < int.MinValue or > int.MaxValue)
        {
            errors.Add(FieldError.Invalid(path, value, $"{path} in body must be of type int32: \"{value}\""));
        }
    }

    private static bool Matches(Regex pattern, string text)
    {
        try
        {
            return pattern.IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }

    private static bool HasType(JsonNode value, SchemaType type, out string actual)
    {
        actual = value.GetValueKind() switch
        {
            JsonValueKind.Object => "object",
            JsonValueKind.Array => "array",
            JsonValueKind.String => "string",
            JsonValueKind.Number => IsWhole(value) ? "integer" : "number",
            _ => "boolean",
        };
        return type switch
        {
            SchemaType.Any => true,
            SchemaType.IntOrString => actual is "integer" or "string" or "number",
            SchemaType.Number => actual is "integer" or "number",
            _ => actual == NameOf(type),
        };
    }

    private static bool IsWhole(JsonNode value) => value.AsLong() is not null || value.AsDouble() is { } number && number == Math.Floor(number);

    private static string NameOf(SchemaType type) => type switch
    {
        SchemaType.Object => "object",
        SchemaType.Array => "array",
        SchemaType.String => "string",
        SchemaType.Integer => "integer",
        SchemaType.Number => "number",
        SchemaType.Boolean => "boolean",
        SchemaType.IntOrString => "integer,string",
        _ => "any",
    };

    private static string Child(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";
}
