using System.Text.Json.Nodes;

namespace Mooring.Sandbox.KubeApi.Schema;

/// <summary>
/// Reads the <c>.schema</c> files, one line per type or field:
/// <code>
/// package io.k8s.api.core.v1
/// type PodSpec : What it is.
///   containers!@2 []Container key=name : Required; a list merged by name; field 2 in protobuf.
///   restartPolicy string =Always enum=Always|OnFailure|Never
///   labels map[string] : A map of strings.
/// type Loose open : A type of which not every field is listed here.
/// </code>
/// A list is atomic unless it says <c>set</c> or <c>key=a,b</c>; an object is granular unless it says <c>atomic</c>.
/// </summary>
internal sealed class SchemaTextReader
{
    private readonly Dictionary<string, ObjectSchema> _types = new(StringComparer.Ordinal);
    private readonly List<(string Where, string Package, ObjectSchema Owner, string Field, string Text, string? Description)> _pending = [];

    public void Read(string file, string text)
    {
        var package = "";
        ObjectSchema? type = null;
        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            var where = $"{file}:{number}";
            if (line.Trim().Length == 0 || line.TrimStart().StartsWith('#'))
            {
                continue;
            }

            var (head, description) = SplitDescription(line.Trim());
            var words = head.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var field = line[0] == ' ';
            if (!field && words[0] == "package")
            {
                package = words[1];
            }
            else if (!field && words[0] == "type")
            {
                type = new ObjectSchema
                {
                    Type = SchemaType.Object,
                    TypeName = $"{package}.{words[1]}",
                    Description = description,
                    PreserveUnknownFields = words.Contains("open"),
                    AtomicMap = words.Contains("atomic"),
                };
                _types.Add(type.TypeName, type);
            }
            else
            {
                var owner = type ?? throw new FormatException($"{where}: a field outside a type");
                var name = ReadName(where, words[0], owner);

                _pending.Add((where, package, owner, name, string.Join(' ', words[1..]), description));
            }
        }
    }

    /// <summary>Resolves references between types, which may be cyclic and across packages.</summary>
    public Dictionary<string, ObjectSchema> Finish()
    {
        foreach (var (where, package, owner, field, text, description) in _pending)
        {
            var words = text.Split(' ');
            var schema = Resolve(where, package, words[0]);
            if (description is not null)
            {
                owner.PropertyDescriptions[field] = description;
            }

            owner.Properties.Add(field, words.Length == 1 ? schema : Annotate(where, schema, words[1..]));
        }

        _pending.Clear();
        return _types;
    }

    /// <summary><c>name</c>, <c>name!</c> (required), <c>name@4</c> (protobuf field number), <c>name@4*</c> (a pointer in Go).</summary>
    private static string ReadName(string where, string word, ObjectSchema owner)
    {
        var parts = word.Split('@');
        var name = parts[0].TrimEnd('!');
        if (parts[0].EndsWith('!'))
        {
            owner.Required.Add(name);
        }

        if (parts.Length > 1)
        {
            if (!int.TryParse(parts[1].TrimEnd('*'), out var number))
            {
                throw new FormatException($"{where}: bad field number in {word}");
            }

            owner.FieldNumbers.Add(number, (name, parts[1].EndsWith('*')));
        }

        return name;
    }

    private static (string Head, string? Description) SplitDescription(string line)
    {
        var at = line.IndexOf(" : ", StringComparison.Ordinal);
        return at < 0 ? (line, null) : (line[..at], line[(at + 3)..].Trim());
    }

    private ObjectSchema Resolve(string where, string package, string type)
    {
        if (type.StartsWith("[]", StringComparison.Ordinal))
        {
            return new ObjectSchema { Type = SchemaType.Array, Items = Resolve(where, package, type[2..]) };
        }

        if (type.StartsWith("map[", StringComparison.Ordinal))
        {
            return new ObjectSchema { Type = SchemaType.Object, AdditionalProperties = Resolve(where, package, type[4..^1]) };
        }

        return type switch
        {
            "string" => new ObjectSchema { Type = SchemaType.String },
            "bytes" => new ObjectSchema { Type = SchemaType.String, Format = "byte" },
            "time" => new ObjectSchema { Type = SchemaType.String, Format = "date-time" },
            "quantity" => new ObjectSchema { Type = SchemaType.IntOrString, Format = "quantity" },
            "intstr" => new ObjectSchema { Type = SchemaType.IntOrString, Format = "int-or-string" },
            "int32" or "int64" => new ObjectSchema { Type = SchemaType.Integer, Format = type },
            "number" => new ObjectSchema { Type = SchemaType.Number, Format = "double" },
            "bool" => new ObjectSchema { Type = SchemaType.Boolean },
            "any" => ObjectSchema.Anything,
            "object" => new ObjectSchema { Type = SchemaType.Object, PreserveUnknownFields = true },
            _ => _types.GetValueOrDefault($"{package}.{type}")
                ?? _types.FirstOrDefault(t => t.Key.EndsWith("." + type, StringComparison.Ordinal)).Value
                ?? throw new FormatException($"{where}: unknown type {type}"),
        };
    }

    private static ObjectSchema Annotate(string where, ObjectSchema schema, string[] words)
    {
        if (schema.TypeName is not null)
        {
            throw new FormatException($"{where}: a shared type takes no attributes at its use");
        }

        foreach (var word in words)
        {
            var value = word.IndexOf('=') is var at and >= 0 ? word[(at + 1)..] : "";
            switch (word.Split('=')[0])
            {
                case "":
                    schema.Default = schema.Type switch
                    {
                        SchemaType.Integer => JsonValue.Create(long.Parse(value)),
                        SchemaType.Boolean => JsonValue.Create(bool.Parse(value)),
                        _ => JsonNode.Parse(value.StartsWith('{') ? value : $"\"{value}\""),
                    };
                    break;
                case "key":
                    schema.ListType = ListType.Map;
                    schema.ListMapKeys = value.Split(',');
                    break;
                case "set":
                    schema.ListType = ListType.Set;
                    break;
                case "atomic":
                    schema.AtomicMap = true;
                    break;
                case "enum":
                    schema.Enum = [.. value.Split('|').Select(v => (JsonNode?)JsonValue.Create(v))];
                    break;
                case "min":
                    schema.Minimum = double.Parse(value);
                    break;
                case "max":
                    schema.Maximum = double.Parse(value);
                    break;
                default:
                    throw new FormatException($"{where}: unknown attribute {word}");
            }
        }

        return schema;
    }
}
