using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Mooring.Sandbox.KubeApi.Schema;

/// <summary>
/// One node of a schema, the same for built-in kinds (read from the <c>.schema</c> files) and for custom resources (read
/// from their CRD). Validation, defaulting, pruning, server-side apply, strategic merge, and OpenAPI all work on it.
/// Built once by a reader, not changed after that. Built-in types may refer to themselves.
/// </summary>
internal sealed class ObjectSchema
{
    public static readonly ObjectSchema Anything = new() { Type = SchemaType.Any, PreserveUnknownFields = true };

    public SchemaType Type { get; set; } = SchemaType.Any;

    /// <summary>Full name of a shared type such as <c>io.k8s.api.core.v1.PodSpec</c>; null for an inline schema.</summary>
    public string? TypeName { get; set; }

    public string? Description { get; set; }

    public string? Format { get; set; }

    public Dictionary<string, ObjectSchema> Properties { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Descriptions given at the place of use, for properties whose schema is a shared type.</summary>
    public Dictionary<string, string> PropertyDescriptions { get; init; } = new(StringComparer.Ordinal);

    /// <summary>
    /// Field numbers in the protobuf form of a built-in type. A pointer field is there or not; of the others a zero value
    /// on the wire is the same as absent.
    /// </summary>
    public Dictionary<int, (string Name, bool Pointer)> FieldNumbers { get; init; } = [];

    /// <summary>Schema of the values of a map; null when the object is not a map.</summary>
    public ObjectSchema? AdditionalProperties { get; set; }

    public ObjectSchema? Items { get; set; }

    public List<string> Required { get; init; } = [];

    public IReadOnlyList<JsonNode?>? Enum { get; set; }

    public JsonNode? Default { get; set; }

    public bool Nullable { get; set; }

    public bool PreserveUnknownFields { get; set; }

    public bool EmbeddedResource { get; set; }

    public ListType ListType { get; set; }

    public IReadOnlyList<string> ListMapKeys { get; set; } = [];

    /// <summary>Whether the object is owned as a whole by whoever applied it last.</summary>
    public bool AtomicMap { get; set; }

    public string? Pattern { get; set; }

    public Regex? CompiledPattern { get; set; }

    public double? Minimum { get; set; }

    public bool ExclusiveMinimum { get; set; }

    public double? Maximum { get; set; }

    public bool ExclusiveMaximum { get; set; }

    public double? MultipleOf { get; set; }

    public long? MinLength { get; set; }

    public long? MaxLength { get; set; }

    public long? MinItems { get; set; }

    public long? MaxItems { get; set; }

    public bool UniqueItems { get; set; }

    public long? MinProperties { get; set; }

    public long? MaxProperties { get; set; }

    public IReadOnlyList<ObjectSchema> AllOf { get; set; } = [];

    public IReadOnlyList<ObjectSchema> AnyOf { get; set; } = [];

    public IReadOnlyList<ObjectSchema> OneOf { get; set; } = [];

    public ObjectSchema? Not { get; set; }

    public IReadOnlyList<CelRule> CelRules { get; set; } = [];

    /// <summary>The JSON this was read from, for a custom resource; published as OpenAPI unchanged.</summary>
    public JsonObject? Source { get; set; }

    public bool IsMap => AdditionalProperties is not null;

    /// <summary>The schema of a field, or null when the schema does not know it.</summary>
    public ObjectSchema? Field(string name) => Properties.GetValueOrDefault(name) ?? AdditionalProperties;
}
