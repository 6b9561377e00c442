using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Mooring.Sandbox.KubeApi.Json;

namespace Mooring.Sandbox.KubeApi.Schema;

/// <summary>Reads <c>openAPIV3Schema</c> of a CustomResourceDefinition, collecting what is wrong with it.</summary>
internal sealed class CrdSchemaReader(List<FieldError> errors)
{
    /// <summary>A pattern that backtracks for longer than this on one value is treated as not matching.</summary>
    private static readonly TimeSpan PatternTimeout = TimeSpan.FromMilliseconds(250);

    public ObjectSchema ReadRoot(JsonObject source, string path)
    {
        var root = Read(source, path, structural: true);
        if (source.Str("type") != "object")
        {
            errors.Add(FieldError.Invalid($"{path}.type", source["type"]?.DeepClone(), "must be object at the root"));
        }

        root.Source = source;
        root.Properties["apiVersion"] = new ObjectSchema { Type = SchemaType.String };
        root.Properties["kind"] = new ObjectSchema { Type = SchemaType.String };
        root.Properties["metadata"] = BuiltinSchemas.Instance.ObjectMeta;
        return root;
    }

    /// <param name="source">The schema's JSON.</param>
    /// <param name="path">Where it stands in the CRD, for messages.</param>
    /// <param name="structural">Whether a type is required here; not so under <c>not</c>, <c>oneOf</c> and the like.</param>
    private ObjectSchema Read(JsonObject source, string path, bool structural)
    {
        var schema = new ObjectSchema
        {
            Type = TypeOf(source, path, structural),
            Description = source.Str("description"),
            Format = source.Str("format"),
            Default = source["default"]?.DeepClone(),
            Nullable = source.Bool("nullable") ?? false,
            PreserveUnknownFields = source.Bool("x-kubernetes-preserve-unknown-fields") ?? false,
            EmbeddedResource = source.Bool("x-kubernetes-embedded-resource") ?? false,
            AtomicMap = source.Str("x-kubernetes-map-type") == "atomic",
            Pattern = source.Str("pattern"),
            Minimum = source["minimum"].AsDouble(),
            ExclusiveMinimum = source.Bool("exclusiveMinimum") ?? false,
            Maximum = source["maximum"].AsDouble(),
            ExclusiveMaximum = source.Bool("exclusiveMaximum") ?? false,
            MultipleOf = source["multipleOf"].AsDouble(),
            MinLength = source.Int("minLength"),
            MaxLength = source.Int("maxLength"),
            MinItems = source.Int("minItems"),
            MaxItems = source.Int("maxItems"),
            UniqueItems = source.Bool("uniqueItems") ?? false,
            MinProperties = source.Int("minProperties"),
            MaxProperties = source.Int("maxProperties"),
            Enum = source.Arr("enum")?.Select(e => e?.DeepClone()).ToList(),
        };
        schema.Required.AddRange(source.Arr("required")?.Select(r => r.AsString()).OfType<string>() ?? []);
        ReadPattern(schema, path);
        ReadListType(schema, source, path);
        ReadChildren(schema, source, path, structural);
        CheckForbidden(schema, source, path, structural);
        schema.CelRules = source.Arr("x-kubernetes-validations")?
            .Select(r => new CelRule(r.Str("rule") ?? "", r.Str("message"), r.Str("reason"), r.Str("fieldPath"))).ToList() ?? [];
        return schema;
    }

    private SchemaType TypeOf(JsonObject source, string path, bool structural)
    {
        if (source.Bool("x-kubernetes-int-or-string") == true)
        {
            return SchemaType.IntOrString;
        }

        switch (source.Str("type"))
        {
            case "object":
                return SchemaType.Object;
            case "array":
                if (structural && source.Obj("items") is null)
                {
                    errors.Add(FieldError.Required($"{path}.items", "must be specified"));
                }

                return SchemaType.Array;
            case "string":
                return SchemaType.String;
            case "integer":
                return SchemaType.Integer;
            case "number":
                return SchemaType.Number;
            case "boolean":
                return SchemaType.Boolean;
            case null:
                if (structural && source.Bool("x-kubernetes-preserve-unknown-fields") != true)
                {
                    errors.Add(FieldError.Required($"{path}.type", "must not be empty for specified object fields"));
                }

                return SchemaType.Any;
            default:
                errors.Add(FieldError.NotSupported(
                    $"{path}.type", source["type"]?.DeepClone(), new JsonArray("array", "boolean", "integer", "number", "object", "string")));
                return SchemaType.Any;
        }
    }

    /// <summary>What JSON schema has and a structural schema must not, and defaults that the schema itself refuses.</summary>
    private void CheckForbidden(ObjectSchema schema, JsonObject source, string path, bool structural)
    {
        if (schema.UniqueItems)
        {
            errors.Add(FieldError.Forbidden($"{path}.uniqueItems", "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"));
        }

        if (schema.Properties.Count > 0 && schema.AdditionalProperties is not null)
        {
            errors.Add(FieldError.Forbidden($"{path}.additionalProperties", "additionalProperties and properties are mutual exclusive"));
        }

        if (source.Bool("additionalProperties") == false)
        {
            errors.Add(FieldError.Forbidden($"{path}.additionalProperties", "additionalProperties cannot be set to false"));
        }

        foreach (var name in (string[])["$ref", "definitions", "dependencies", "deprecated", "discriminator", "id", "patternProperties", "readOnly", "writeOnly", "xml"])
        {
            if (source.ContainsKey(name))
            {
                errors.Add(FieldError.Forbidden($"{path}.{name}", $"{name} is not supported"));
            }
        }

        if (structural && schema.Default is { } value)
        {
            errors.AddRange(SchemaValidator.Validate(value, schema).Select(e => e with { Path = e.Path.Length == 0 ? $"{path}.default" : $"{path}.default.{e.Path}" }));
        }
    }

    private void ReadPattern(ObjectSchema schema, string path)
    {
        if (schema.Pattern is null)
        {
            return;
        }

        try
        {
            // RE2, which the upstream server uses, has no lookaround or back references; neither do patterns in use.
            schema.CompiledPattern = new Regex(schema.Pattern, RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, PatternTimeout);
        }
        catch (ArgumentException e)
        {
            errors.Add(FieldError.Invalid($"{path}.pattern", JsonValue.Create(schema.Pattern), $"must be a valid regular expression, but isn't: {e.Message}"));
        }
    }

    private void ReadListType(ObjectSchema schema, JsonObject source, string path)
    {
        switch (source.Str("x-kubernetes-list-type"))
        {
            case "set":
                schema.ListType = ListType.Set;
                break;
            case "map":
                schema.ListType = ListType.Map;
                schema.ListMapKeys = source.Arr("x-kubernetes-list-map-keys")?.Select(k => k.AsString()).OfType<string>().ToList() ?? [];
                if (schema.ListMapKeys.Count == 0)
                {
                    errors.Add(FieldError.Required($"{path}.x-kubernetes-list-map-keys", "must not be empty if x-kubernetes-list-type is map"));
                }

                var item = source.Obj("items");
                foreach (var key in schema.ListMapKeys)
                {
                    var required = item.Arr("required")?.Any(r => r.AsString() == key) == true;
                    if (item.Obj("properties").Obj(key) is not { } property)
                    {
                        errors.Add(FieldError.Invalid($"{path}.x-kubernetes-list-map-keys", JsonValue.Create(key), "entries must all be names of item properties"));
                    }
                    else if (!required && property["default"] is null)
                    {
                        errors.Add(FieldError.Required($"{path}.items.properties[{key}].default", "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"));
                    }
                }

                break;
            case null or "atomic":
                break;
            case var other:
                errors.Add(FieldError.NotSupported($"{path}.x-kubernetes-list-type", JsonValue.Create(other), new JsonArray("atomic", "map", "set")));
                break;
        }
    }

    private void ReadChildren(ObjectSchema schema, JsonObject source, string path, bool structural)
    {
        foreach (var (name, child) in source.Obj("properties") ?? [])
        {
            if (child is JsonObject property)
            {
                schema.Properties[name] = Read(property, $"{path}.properties[{name}]", structural);
            }
        }

        if (source.Obj("additionalProperties") is { } values)
        {
            schema.AdditionalProperties = Read(values, $"{path}.additionalProperties", structural);
        }
        else if (source.Bool("additionalProperties") == true)
        {
            schema.AdditionalProperties = ObjectSchema.Anything;
        }

        if (source.Obj("items") is { } items)
        {
            schema.Items = Read(items, $"{path}.items", structural);
        }

        schema.AllOf = ReadJunctors(source, path, "allOf");
        schema.AnyOf = ReadJunctors(source, path, "anyOf");
        schema.OneOf = ReadJunctors(source, path, "oneOf");
        schema.Not = source.Obj("not") is { } not ? Read(not, $"{path}.not", structural: false) : null;
    }

    private List<ObjectSchema> ReadJunctors(JsonObject source, string path, string name) =>
        source.Arr(name)?.OfType<JsonObject>().Select((s, i) => Read(s, $"{path}.{name}[{i}]", structural: false)).ToList() ?? [];
}
