using System.ComponentModel;
using System.Reflection;
using k8s.Models;
using YamlDotNet.Serialization;

namespace Mooring.Api.Schema;

/// <summary>The CustomResourceDefinition of one resource type, as the file in <c>crds/</c> has it.</summary>
internal sealed class CustomResourceDefinition
{
    private readonly KubernetesEntityAttribute _entity;
    private readonly Type _type;

    public CustomResourceDefinition(Type type)
    {
        _type = type;
        _entity = type.GetCustomAttribute<KubernetesEntityAttribute>()
            ?? throw new ArgumentException($"{type} is not a Kubernetes resource", nameof(type));
    }

    public string Kind => _entity.Kind;

    public bool Namespaced => _entity.Namespaced;

    public IReadOnlyList<string> ShortNames => _type.GetCustomAttribute<ShortNamesAttribute>()?.Names ?? [];

    public string FileName => $"{_entity.Group}_{_entity.PluralName}.yaml";

    public string ToYaml()
    {
        var serializer = new SerializerBuilder()
            .WithIndentedSequences()
            .WithQuotingNecessaryStrings()
            .WithNewLine("\n")
            .DisableAliases()
            .Build();
        return "# Generated from Mooring.Api by scripts/generate-crds.sh.\n" + serializer.Serialize(ToNode());
    }

    public SchemaNode Schema()
    {
        var properties = new SchemaNode
        {
            ["apiVersion"] = new SchemaNode
            {
                ["description"] = "Group and version of this representation of the object.",
                ["type"] = "string",
            },
            ["kind"] = new SchemaNode { ["description"] = "Kind of the object.", ["type"] = "string" },
            ["metadata"] = new SchemaNode { ["type"] = "object" },
            ["spec"] = Described(_type.GetProperty("Spec") ?? throw new InvalidOperationException($"{_type} has no Spec")),
        };
        if (Status is not null)
        {
            properties["status"] = Described(Status);
        }

        return new SchemaNode
        {
            ["description"] = _type.GetCustomAttribute<DescriptionAttribute>()!.Description,
            ["type"] = "object",
            ["required"] = new List<object> { "spec" },
            ["properties"] = properties,
        };
    }

    private static SchemaNode Described(PropertyInfo property)
    {
        var node = new SchemaNode
        {
            ["description"] = property.GetCustomAttribute<DescriptionAttribute>()!.Description,
        };
        foreach (var (key, value) in SchemaGenerator.ForType(property.PropertyType))
        {
            node[key] = value;
        }

        return node;
    }

    private PropertyInfo? Status => _type.GetProperty("Status");

    private SchemaNode ToNode()
    {
        var shortNames = _type.GetCustomAttribute<ShortNamesAttribute>();
        var names = new SchemaNode
        {
            ["kind"] = _entity.Kind,
            ["listKind"] = _entity.Kind + "List",
            ["plural"] = _entity.PluralName,
            ["singular"] = _entity.Kind.ToLowerInvariant(),
        };
        if (shortNames is not null)
        {
            names["shortNames"] = shortNames.Names.ToList<object>();
            names["categories"] = shortNames.Categories.ToList<object>();
        }

        var version = new SchemaNode
        {
            ["name"] = _entity.ApiVersion,
            ["served"] = true,
            ["storage"] = true,
            ["additionalPrinterColumns"] = Columns(),
        };
        if (Status is not null)
        {
            version["subresources"] = new SchemaNode { ["status"] = new SchemaNode() };
        }

        version["schema"] = new SchemaNode { ["openAPIV3Schema"] = Schema() };
        return new SchemaNode
        {
            ["apiVersion"] = "apiextensions.k8s.io/v1",
            ["kind"] = "CustomResourceDefinition",
            ["metadata"] = new SchemaNode { ["name"] = $"{_entity.PluralName}.{_entity.Group}" },
            ["spec"] = new SchemaNode
            {
                ["group"] = _entity.Group,
                ["scope"] = _entity.Namespaced ? "Namespaced" : "Cluster",
                ["names"] = names,
                ["versions"] = new List<object> { version },
            },
        };
    }

    private List<object> Columns() => _type.GetCustomAttributes<PrinterColumnAttribute>()
        .OrderBy(column => column.Order)
        .Select(object (column) =>
        {
            var node = new SchemaNode
            {
                ["name"] = column.Name,
                ["type"] = column.Type,
                ["jsonPath"] = column.JsonPath,
            };
            if (column.Description is { } description)
            {
                node["description"] = description;
            }

            if (column.Priority > 0)
            {
                node["priority"] = column.Priority;
            }

            return node;
        })
        .ToList();
}
