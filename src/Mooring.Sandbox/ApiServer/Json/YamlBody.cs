using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Mooring.Sandbox.KubeApi.Json;

/// <summary>Reads one YAML document into JSON nodes, scalars by the YAML 1.2 core schema plus 1.1's yes/no-free booleans.</summary>
internal static partial class YamlBody
{
    /// <summary>Aliases may multiply a small text into a huge tree; more nodes than this is refused.</summary>
    private const int MaxNodes = 1_000_000;

    public static JsonNode? Parse(string text, List<string>? duplicates = null)
    {
        try
        {
            var reader = new Reader(new Parser(new StringReader(text)), duplicates);
            return reader.ReadDocument();
        }
        catch (YamlException e)
        {
            throw new JsonException($"yaml: line {e.Start.Line}: {e.Message}", e);
        }
    }

    private sealed class Reader(Parser parser, List<string>? duplicates)
    {
        private readonly Dictionary<AnchorName, JsonNode?> _anchors = [];
        private int _nodes;

        public JsonNode? ReadDocument()
        {
            parser.Consume<StreamStart>();
            if (!parser.TryConsume<DocumentStart>(out _))
            {
                return null;
            }

            var node = Read("", 0);
            parser.Consume<DocumentEnd>();
            return parser.TryConsume<DocumentStart>(out _) ? throw new JsonException("more than one YAML document") : node;
        }

        private JsonNode? Read(string path, int depth)
        {
            if (++_nodes > MaxNodes || depth > JsonBody.MaxDepth)
            {
                throw new JsonException("the YAML document is too large or too deep");
            }

            if (parser.TryConsume<AnchorAlias>(out var alias))
            {
                var target = _anchors.TryGetValue(alias.Value, out var found) ? found : throw new JsonException($"unknown anchor {alias.Value}");
                _nodes += Count(target);
                return target?.DeepClone();
            }

            var anchor = (parser.Current as NodeEvent)?.Anchor ?? AnchorName.Empty;
            JsonNode? node;
            if (parser.TryConsume<Scalar>(out var scalar))
            {
                node = Scalar(scalar);
            }
            else if (parser.TryConsume<SequenceStart>(out _))
            {
                var list = new JsonArray();
                while (!parser.TryConsume<SequenceEnd>(out _))
                {
                    list.Add(Read($"{path}[{list.Count}]", depth + 1));
                }

                node = list;
            }
            else
            {
                parser.Consume<MappingStart>();
                var map = new JsonObject();
                while (!parser.TryConsume<MappingEnd>(out _))
                {
                    var name = parser.Consume<Scalar>().Value;
                    var child = path.Length == 0 ? name : $"{path}.{name}";
                    var value = Read(child, depth + 1);
                    if (!map.TryAdd(name, value))
                    {
                        duplicates?.Add(child);
                        map[name] = value;
                    }
                }

                node = map;
            }

            if (!anchor.IsEmpty)
            {
                _anchors[anchor] = node;
            }

            return node;
        }

        private static int Count(JsonNode? node) => node switch
        {
            JsonObject map => 1 + map.Sum(p => Count(p.Value)),
            JsonArray list => 1 + list.Sum(Count),
            _ => 1,
        };

        private static JsonNode? Scalar(Scalar scalar)
        {
            if (scalar.Style is not ScalarStyle.Plain || scalar.Tag == "tag:yaml.org,2002:str")
            {
                return JsonValue.Create(scalar.Value);
            }

            var text = scalar.Value;
            switch (text)
            {
                case "" or "~" or "null" or "Null" or "NULL":
                    return null;
                case "true" or "True" or "TRUE":
                    return JsonValue.Create(true);
                case "false" or "False" or "FALSE":
                    return JsonValue.Create(false);
            }

            if (Integer().IsMatch(text) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
            {
                return JsonValue.Create(whole);
            }

            return Float().IsMatch(text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                ? JsonValue.Create(number)
                : JsonValue.Create(text);
        }
    }

    [GeneratedRegex("^[-+]?[0-9]+$")]
    private static partial Regex Integer();

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")]
    private static partial Regex Float();
}
