using System.Collections;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json.Serialization;

namespace Mooring.Api.Schema;

/// <summary>The structural schema (OpenAPI v3) of a type, from its properties and their attributes.</summary>
internal static class SchemaGenerator
{
    public static SchemaNode ForType(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (WellKnownSchemas.For(type) is { } known)
        {
            return known;
        }

        if (Scalar(type) is { } scalar)
        {
            return scalar;
        }

        if (Argument(type, typeof(IDictionary<,>), 1) is { } value)
        {
            return new SchemaNode { ["type"] = "object", ["additionalProperties"] = ForType(value) };
        }

        if (Argument(type, typeof(IList<>), 0) is { } item)
        {
            return new SchemaNode { ["type"] = "array", ["items"] = ForType(item) };
        }

        return ForObject(type);
    }

    private static SchemaNode ForObject(Type type)
    {
        var properties = new SchemaNode();
        var required = new List<object>();
        foreach (var property in SchemaProperties(type))
        {
            var name = property.GetCustomAttribute<JsonPropertyNameAttribute>()!.Name;
            properties[name] = ForProperty(property);
            if (property.IsDefined(typeof(RequiredAttribute)))
            {
                required.Add(name);
            }
        }

        var node = new SchemaNode { ["type"] = "object" };
        if (required.Count > 0)
        {
            node["required"] = required;
        }

        node["properties"] = properties;
        var rules = type.GetCustomAttributes<ValidationRuleAttribute>().OrderBy(rule => rule.Order).ToArray();
        if (rules.Length > 0)
        {
            node["x-kubernetes-validations"] = rules
                .Select(object (rule) => new SchemaNode { ["rule"] = rule.Rule, ["message"] = rule.Message })
                .ToList();
        }

        return node;
    }

    /// <summary>In the order of the source: metadata tokens follow it, the order of reflection is not promised.</summary>
    private static IEnumerable<PropertyInfo> SchemaProperties(Type type) => type
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => property.IsDefined(typeof(JsonPropertyNameAttribute)))
        .OrderBy(property => property.MetadataToken);

    private static SchemaNode ForProperty(PropertyInfo property)
    {
        var description = property.GetCustomAttribute<DescriptionAttribute>()
            ?? throw new InvalidOperationException($"{property.DeclaringType}.{property.Name} has no description");
        var node = new SchemaNode { ["description"] = description.Description };
        foreach (var (key, value) in ForType(property.PropertyType))
        {
            node[key] = value;
        }

        if (property.GetCustomAttribute<DefaultValueAttribute>() is { Value: { } defaultValue })
        {
            node["default"] = defaultValue;
        }

        foreach (var attribute in property.GetCustomAttributes())
        {
            Constrain(node, attribute);
        }

        return node;
    }

    private static void Constrain(SchemaNode node, Attribute attribute)
    {
        switch (attribute)
        {
            case AllowedValuesAttribute allowed:
                node["enum"] = allowed.Values.OfType<object>().ToList();
                break;
            case RangeAttribute range:
                node["minimum"] = range.Minimum;
                node["maximum"] = range.Maximum;
                break;
            case RegularExpressionAttribute pattern:
                node["pattern"] = pattern.Pattern;
                break;
            case MinLengthAttribute minimum:
                node[Sized(node, "min")] = minimum.Length;
                break;
            case MaxLengthAttribute maximum:
                node[Sized(node, "max")] = maximum.Length;
                break;
            case ListMapKeyAttribute keys:
                node["x-kubernetes-list-type"] = "map";
                node["x-kubernetes-list-map-keys"] = keys.Fields.ToList<object>();
                break;
            case ListSetAttribute:
                node["x-kubernetes-list-type"] = "set";
                break;
            case ItemAttribute item:
                ConstrainItem(node.Child("items") ?? node.Child("additionalProperties")!, item);
                break;
        }
    }

    private static void ConstrainItem(SchemaNode item, ItemAttribute attribute)
    {
        if (attribute.AllowedValues.Length > 0)
        {
            item["enum"] = attribute.AllowedValues.ToList<object>();
        }

        if (attribute.Pattern is { } pattern)
        {
            item["pattern"] = pattern;
        }

        if (attribute.MaxLength > 0)
        {
            item["maxLength"] = attribute.MaxLength;
        }
    }

    private static string Sized(SchemaNode node, string bound) => bound + node.Text("type") switch
    {
        "array" => "Items",
        "object" => "Properties",
        _ => "Length",
    };

    private static SchemaNode? Scalar(Type type)
    {
        if (type == typeof(string))
        {
            return new SchemaNode { ["type"] = "string" };
        }

        if (type == typeof(bool))
        {
            return new SchemaNode { ["type"] = "boolean" };
        }

        if (type == typeof(int))
        {
            return new SchemaNode { ["type"] = "integer", ["format"] = "int32" };
        }

        if (type == typeof(long))
        {
            return new SchemaNode { ["type"] = "integer", ["format"] = "int64" };
        }

        return type == typeof(DateTime) ? new SchemaNode { ["type"] = "string", ["format"] = "date-time" } : null;
    }

    private static Type? Argument(Type type, Type generic, int index) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == generic && typeof(IEnumerable).IsAssignableFrom(type)
            ? type.GetGenericArguments()[index]
            : null;
}
