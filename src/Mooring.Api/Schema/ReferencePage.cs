using System.Globalization;
using System.Text;

namespace Mooring.Api.Schema;

/// <summary>The reference of all fields as a page of Markdown, from the same schema as the CRDs.</summary>
internal static class ReferencePage
{
    public static string Render(IEnumerable<CustomResourceDefinition> definitions)
    {
        var page = new StringBuilder()
            .Append("# Resource reference\n\n")
            .Append(CultureInfo.InvariantCulture, $"Group `{ApiGroup.Name}`, version `{ApiGroup.V1Alpha1}`. ")
            .Append("Generated from the types in `src/Mooring.Api` by `scripts/generate-crds.sh`.\n");
        foreach (var definition in definitions)
        {
            var schema = definition.Schema();
            page.Append(CultureInfo.InvariantCulture, $"\n## {definition.Kind}\n\n{schema.Text("description")} ")
                .Append(definition.Namespaced ? "Namespaced" : "Cluster-scoped")
                .Append(CultureInfo.InvariantCulture, $"; short name `{string.Join("`, `", definition.ShortNames)}`.\n");
            var properties = schema.Child("properties")!;
            foreach (var part in new[] { "spec", "status" }.Where(properties.ContainsKey))
            {
                page.Append("\n| Field | Type | |\n|---|---|---|\n");
                WriteRows(page, part, properties.Child(part)!);
            }
        }

        return page.ToString();
    }

    private static void WriteRows(StringBuilder page, string path, SchemaNode node)
    {
        var required = node.TryGetValue("required", out var names) ? (List<object>)names : [];
        foreach (var (name, value) in node.Child("properties") ?? [])
        {
            var field = (SchemaNode)value;
            page.Append(CultureInfo.InvariantCulture, $"| `{path}.{name}` | {TypeOf(field)} | ")
                .Append(field.Text("description").Replace("|", "\\|", StringComparison.Ordinal))
                .Append(required.Contains(name) && path.StartsWith("spec", StringComparison.Ordinal) ? " Required." : "")
                .Append(field.TryGetValue("default", out var value2)
                    ? string.Create(CultureInfo.InvariantCulture, $" Default `{Literal(value2)}`.") : "")
                .Append(" |\n");
            if (name != "conditions")
            {
                WriteRows(page, $"{path}.{name}", field);
                WriteRows(page, $"{path}.{name}[]", field.Child("items") ?? []);
            }
        }
    }

    private static string Literal(object value) =>
        value is bool flag ? (flag ? "true" : "false") : Convert.ToString(value, CultureInfo.InvariantCulture)!;

    private static string TypeOf(SchemaNode field)
    {
        if (field.TryGetValue("enum", out var values))
        {
            return string.Join(", ", ((List<object>)values).Select(value => $"`{value}`"));
        }

        if (field.ContainsKey("x-kubernetes-int-or-string"))
        {
            return "integer or string";
        }

        if (field.Child("items") is { } items)
        {
            return $"list of {TypeOf(items)}";
        }

        if (field.Child("additionalProperties") is { } value)
        {
            return $"map of {TypeOf(value)}";
        }

        return field.TryGetValue("minimum", out var minimum) && field.TryGetValue("maximum", out var maximum)
            ? string.Create(CultureInfo.InvariantCulture, $"{field.Text("type")}, {minimum} to {maximum}")
            : field.Text("type");
    }
}
