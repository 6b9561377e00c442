using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.OpenApi;

/// <summary>Writes schemas as OpenAPI v3 components, shared types once each with references between them.</summary>
internal sealed class SchemaDocument
{
    private readonly Dictionary<string, JsonObject> _components = new(StringComparer.Ordinal);

    public JsonObject Components() =>
        new(_components.OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => KeyValuePair.Create(c.Key, (JsonNode?)c.Value)));

    public bool Contains(string name) => _components.ContainsKey(name);

    public JsonObject this[string name] => _components[name];

    public void AddComponent(string name, JsonObject schema) => _components[name] = schema;

    /// <summary>A reference to a shared type, which is added with everything it refers to.</summary>
    public JsonObject Reference(ObjectSchema schema)
    {
        var name = schema.TypeName!;
        if (!_components.ContainsKey(name))
        {
            // The entry comes before the body, for types that refer to themselves.
            _components[name] = [];
            _components[name] = schema.Source is null ? Body(schema) : CustomBody(schema);
        }

        return new JsonObject { ["$ref"] = $"#/components/schemas/{name}" };
    }

    private JsonObject Write(ObjectSchema schema) => schema.TypeName is null ? Body(schema) : Reference(schema);

    /// <summary>A custom resource's schema is published as the CRD states it, with the common fields described.</summary>
    private JsonObject CustomBody(ObjectSchema schema)
    {
        var body = (JsonObject)schema.Source!.DeepClone();
        var properties = body.Ensure("properties");
        properties["apiVersion"] = new JsonObject { ["type"] = "string", ["description"] = "Group and version of the API." };
        properties["kind"] = new JsonObject { ["type"] = "string", ["description"] = "Kind of the object." };
        properties["metadata"] = new JsonObject
        {
            ["description"] = "Standard object metadata.",
            ["allOf"] = new JsonArray(Reference(BuiltinSchemas.Instance.ObjectMeta)),
        };
        return body;
    }

    private JsonObject Body(ObjectSchema schema)
    {
        var body = new JsonObject();
        if (schema.Description is not null)
        {
            body["description"] = schema.Description;
        }

        switch (schema.Type)
        {
            case SchemaType.Object:
                body["type"] = "object";
                WriteObject(schema, body);
                break;
            case SchemaType.Array:
                body["type"] = "array";
                body["items"] = schema.Items is null ? new JsonObject() : Described(schema.Items, null);
                WriteListType(schema, body);
                break;
            case SchemaType.IntOrString when schema.Format == "quantity":
                body["type"] = "string";
                break;
            case SchemaType.IntOrString:
                body["format"] = "int-or-string";
                body["oneOf"] = new JsonArray(new JsonObject { ["type"] = "integer" }, new JsonObject { ["type"] = "string" });
                break;
            case SchemaType.Any:
                body["type"] = "object";
                body["x-kubernetes-preserve-unknown-fields"] = true;
                break;
            default:
                body["type"] = schema.Type.ToString().ToLowerInvariant();
                break;
        }

        if (schema.Format is not null && schema.Type is not SchemaType.IntOrString)
        {
            body["format"] = schema.Format;
        }

        if (schema.Default is not null)
        {
            body["default"] = schema.Default.DeepClone();
        }

        if (schema.Enum is not null)
        {
            body["enum"] = new JsonArray([.. schema.Enum.Select(e => e?.DeepClone())]);
        }

        return body;
    }

    private void WriteObject(ObjectSchema schema, JsonObject body)
    {
        if (schema.Properties.Count > 0)
        {
            var properties = new JsonObject();
            foreach (var (name, property) in schema.Properties)
            {
                properties[name] = Described(property, schema.PropertyDescriptions.GetValueOrDefault(name));
            }

            body["properties"] = properties;
        }

        if (schema.Required.Count > 0)
        {
            body["required"] = new JsonArray([.. schema.Required.Select(r => (JsonNode?)r)]);
        }

        if (schema.AdditionalProperties is { } values)
        {
            body["additionalProperties"] = Described(values, null);
        }

        if (schema.AtomicMap)
        {
            body["x-kubernetes-map-type"] = "atomic";
        }

        if (schema.PreserveUnknownFields)
        {
            body["x-kubernetes-preserve-unknown-fields"] = true;
        }
    }

    /// <summary>A description beside a reference needs <c>allOf</c> around the reference.</summary>
    private JsonObject Described(ObjectSchema schema, string? description)
    {
        var written = Write(schema);
        if (schema.TypeName is not null)
        {
            written = new JsonObject { ["allOf"] = new JsonArray(written), ["default"] = new JsonObject() };
        }

        if (description is not null)
        {
            written["description"] = description;
        }

        return written;
    }

    private static void WriteListType(ObjectSchema schema, JsonObject body)
    {
        body["x-kubernetes-list-type"] = schema.ListType.ToString().ToLowerInvariant();
        switch (schema.ListType)
        {
            case ListType.Map:
                body["x-kubernetes-list-map-keys"] = new JsonArray([.. schema.ListMapKeys.Select(k => (JsonNode?)k)]);
                body["x-kubernetes-patch-strategy"] = "merge";
                body["x-kubernetes-patch-merge-key"] = schema.ListMapKeys[0];
                break;
            case ListType.Set:
                body["x-kubernetes-patch-strategy"] = "merge";
                break;
        }
    }
}
