using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Errors;
using Mooring.Sandbox.KubeApi.Json;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Resources;

/// <summary>Turns a CustomResourceDefinition into the resource types it defines, or says what is wrong with it.</summary>
internal static class CrdTypes
{
    /// <summary>Names of the extension under which a rule that is not evaluated is announced.</summary>
    public const string CelExtension = "x-kubernetes-validations";

    public static ImmutableArray<ResourceType> Read(JsonObject crd, List<FieldError> errors)
    {
        var spec = crd.Obj("spec") ?? [];
        var names = spec.Obj("names") ?? [];
        var group = spec.Str("group") ?? "";
        var plural = names.Str("plural") ?? "";
        var kind = names.Str("kind") ?? "";
        var name = crd.Obj("metadata").Str("name") ?? "";
        if (!group.Contains('.'))
        {
            errors.Add(FieldError.Invalid("spec.group", JsonValue.Create(group), "should be a domain with at least one dot"));
        }

        if (name != $"{plural}.{group}")
        {
            errors.Add(FieldError.Invalid("metadata.name", JsonValue.Create(name), "must be spec.names.plural+\".\"+spec.group"));
        }

        if (spec.Bool("preserveUnknownFields") == true)
        {
            errors.Add(FieldError.Invalid("spec.preserveUnknownFields", JsonValue.Create(true), "must be false: use x-kubernetes-preserve-unknown-fields in the schema"));
        }

        if (spec.Obj("conversion").Str("strategy") is { } strategy and not "None")
        {
            throw ApiError.NotImplemented($"the conversion strategy {strategy} of a CustomResourceDefinition");
        }

        var versions = spec.Arr("versions")?.OfType<JsonObject>().ToList() ?? [];
        var storage = versions.Where(v => v.Bool("storage") == true).Select(v => v.Str("name") ?? "").ToList();
        if (storage.Count != 1)
        {
            errors.Add(FieldError.Invalid("spec.versions", JsonValue.Create(storage.Count), "must have exactly one version marked as storage version"));
        }

        if (versions.Select(v => v.Str("name")).Distinct(StringComparer.Ordinal).Count() != versions.Count)
        {
            errors.Add(FieldError.Invalid("spec.versions", null, "must contain unique version names"));
        }

        var types = ImmutableArray.CreateBuilder<ResourceType>();
        for (var i = 0; i < versions.Count; i++)
        {
            if (versions[i].Obj("schema").Obj("openAPIV3Schema") is not { } source)
            {
                errors.Add(FieldError.Required($"spec.versions[{i}].schema.openAPIV3Schema", "schemas are required"));
                continue;
            }

            var version = versions[i].Str("name") ?? "";
            var schema = new CrdSchemaReader(errors).ReadRoot(source, $"spec.versions[{i}].schema.openAPIV3Schema");
            schema.TypeName = TypeNameOf(group, version, kind);
            if (versions[i].Bool("served") != true)
            {
                continue;
            }

            types.Add(new ResourceType
            {
                Group = group,
                Version = version,
                Plural = plural,
                Singular = names.Str("singular") is { Length: > 0 } singular ? singular : kind.ToLowerInvariant(),
                Kind = kind,
                ListKind = names.Str("listKind") is { Length: > 0 } listKind ? listKind : kind + "List",
                Namespaced = spec.Str("scope") == "Namespaced",
                ShortNames = Texts(names, "shortNames"),
                Categories = Texts(names, "categories"),
                Schema = schema,
                HasStatus = versions[i].Obj("subresources").Obj("status") is not null,
                Scale = ScaleOf(versions[i].Obj("subresources").Obj("scale")),
                Conversion = version == storage.FirstOrDefault()
                    ? null
                    : new VersionConversion($"{group}/{version}", $"{group}/{storage.FirstOrDefault()}"),
                Custom = new CustomResource(name, Columns(versions[i]), SelectableFields(versions[i]), Deprecation(versions[i], group, version, kind)),
            });
        }

        return [.. types.OrderBy(t => t.Version, VersionOrder.Instance)];
    }

    /// <summary>Paths of the CEL rules in a schema.</summary>
    public static IEnumerable<(string Path, CelRule Rule)> CelRules(ObjectSchema schema, string path = "")
    {
        foreach (var rule in schema.CelRules)
        {
            yield return (path.Length == 0 ? "<root>" : path, rule);
        }

        var children = schema.Properties
            .Where(p => p.Value.TypeName is null)
            .Select(p => (Path: path.Length == 0 ? p.Key : $"{path}.{p.Key}", Schema: p.Value));
        if (schema.AdditionalProperties is { } values && !ReferenceEquals(values, ObjectSchema.Anything))
        {
            children = children.Append(($"{path}.*", values));
        }

        if (schema.Items is { } items)
        {
            children = children.Append(($"{path}[*]", items));
        }

        foreach (var found in children.SelectMany(c => CelRules(c.Schema, c.Path)))
        {
            yield return found;
        }
    }

    /// <summary>The OpenAPI name: the group's parts reversed, as upstream names it.</summary>
    private static string TypeNameOf(string group, string version, string kind) =>
        $"{string.Join('.', group.Split('.').Reverse())}.{version}.{kind}";

    private static ScaleSubresource? ScaleOf(JsonObject? scale) => scale is null
        ? null
        : new ScaleSubresource(
            (scale.Str("specReplicasPath") ?? ".spec.replicas").TrimStart('.'),
            (scale.Str("statusReplicasPath") ?? ".status.replicas").TrimStart('.'),
            scale.Str("labelSelectorPath")?.TrimStart('.'));

    private static List<PrinterColumn> Columns(JsonObject version) =>
        version.Arr("additionalPrinterColumns")?.Select(c => new PrinterColumn(
            c.Str("name") ?? "", c.Str("type") ?? "string", c.Str("format") ?? "", c.Str("description") ?? "",
            (int)(c.Int("priority") ?? 0), c.Str("jsonPath") ?? "")).ToList() ?? [];

    private static List<string> SelectableFields(JsonObject version) =>
        version.Arr("selectableFields")?.Select(f => f.Str("jsonPath")?.TrimStart('.')).OfType<string>().ToList() ?? [];

    private static string? Deprecation(JsonObject version, string group, string name, string kind) =>
        version.Bool("deprecated") == true ? version.Str("deprecationWarning") ?? $"{group}/{name} {kind} is deprecated" : null;

    private static List<string> Texts(JsonObject names, string field) =>
        names.Arr(field)?.Select(n => n.AsString()).OfType<string>().ToList() ?? [];
}
