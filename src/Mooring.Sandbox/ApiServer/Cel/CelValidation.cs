using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Apply;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Cel;

/// <summary>Checks an object against the <c>x-kubernetes-validations</c> rules of its schema.</summary>
internal static class CelValidation
{
    /// <param name="next">The object.</param>
    /// <param name="current">Its present state, for transition rules (those that speak of <c>oldSelf</c>); null on create.</param>
    /// <param name="schema">Its schema.</param>
    /// <param name="errors">Gets the rules that do not hold.</param>
    public static void Validate(JsonNode? next, JsonNode? current, ObjectSchema schema, List<FieldError> errors) =>
        Visit(next, current, schema, "", errors);

    private static void Visit(JsonNode? next, JsonNode? current, ObjectSchema schema, string path, List<FieldError> errors)
    {
        if (next is null || (current is not null && JsonNode.DeepEquals(next, current)))
        {
            // What has not changed is not held against an update.
            return;
        }

        foreach (var rule in schema.CelRules)
        {
            Check(rule, next, current, schema, path, errors);
        }

        switch (next)
        {
            case JsonObject map:
                foreach (var (name, child) in map)
                {
                    if (schema.Field(name) is { } field)
                    {
                        Visit(child, (current as JsonObject)?[name], field, path.Length == 0 ? name : $"{path}.{name}", errors);
                    }
                }

                break;
            case JsonArray list when schema.Items is not null:
                // Only the items of a map-like list have an identity that lets them be compared with before.
                var before = schema.ListType == ListType.Map ? TypedValues.ByElement(current as JsonArray, schema) : [];
                for (var i = 0; i < list.Count; i++)
                {
                    var element = schema.ListType == ListType.Map ? PathElement.Item(list[i], schema) : null;
                    Visit(list[i], element is null ? null : before.GetValueOrDefault(element), schema.Items, $"{path}[{i}]", errors);
                }

                break;
        }
    }

    private static void Check(CelRule rule, JsonNode next, JsonNode? current, ObjectSchema schema, string path, List<FieldError> errors)
    {
        if (rule.Expression is null || (rule.IsTransition && current is null))
        {
            return;
        }

        var where = (path + rule.FieldPath).TrimStart('.');
        try
        {
            if (!CelEvaluator.Holds(rule.Expression, CelValues.From(next), CelValues.From(current)))
            {
                errors.Add(Failure(rule, where, schema, rule.Message ?? $"failed rule: {rule.Rule}"));
            }
        }
        catch (CelException e)
        {
            errors.Add(Failure(rule, where, schema, $"rule evaluation error: {e.Message}: {rule.Rule}"));
        }
    }

    /// <summary>Upstream shows the type where the value would stand.</summary>
    private static FieldError Failure(CelRule rule, string path, ObjectSchema schema, string message) => rule.Reason switch
    {
        "FieldValueForbidden" => FieldError.Forbidden(path, message),
        "FieldValueRequired" => FieldError.Required(path, message),
        _ => FieldError.Invalid(path, JsonValue.Create(schema.Type.ToString().ToLowerInvariant()), message),
    };
}
