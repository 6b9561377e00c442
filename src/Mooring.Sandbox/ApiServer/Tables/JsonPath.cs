using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;

namespace Mooring.Sandbox.KubeApi.Tables;

/// <summary>
/// The JSONPath of printer columns: <c>.a.b</c>, <c>['a.b']</c>, <c>[0]</c>, <c>[-1]</c>, <c>[*]</c>, <c>[1:3]</c> and filters
/// such as <c>[?(@.type=="Ready")]</c>. A path that cannot be read selects nothing.
/// </summary>
internal static class JsonPath
{
    public static IReadOnlyList<JsonNode> Select(JsonNode root, string path)
    {
        List<JsonNode> nodes = [root];
        var rest = path.AsSpan().Trim();
        if (rest.StartsWith("{") && rest.EndsWith("}"))
        {
            rest = rest[1..^1];
        }

        if (rest.StartsWith("$"))
        {
            rest = rest[1..];
        }

        while (rest.Length > 0 && nodes.Count > 0)
        {
            if (rest[0] == '[')
            {
                var end = ClosingBracket(rest);
                if (end < 0)
                {
                    return [];
                }

                var inside = rest[1..end].ToString();
                nodes = [.. nodes.SelectMany(n => Subscript(n, inside))];
                rest = rest[(end + 1)..];
                continue;
            }

            rest = rest[0] == '.' ? rest[1..] : rest;
            var length = NameLength(rest);
            if (length == 0)
            {
                continue;
            }

            var name = rest[..length].ToString().Replace("\\.", ".", StringComparison.Ordinal);
            nodes = [.. nodes.SelectMany(n => Field(n, name))];
            rest = rest[length..];
        }

        return nodes;
    }

    private static int NameLength(ReadOnlySpan<char> rest)
    {
        for (var i = 0; i < rest.Length; i++)
        {
            if (rest[i] == '[' || (rest[i] == '.' && (i == 0 || rest[i - 1] != '\\')))
            {
                return i;
            }
        }

        return rest.Length;
    }

    private static int ClosingBracket(ReadOnlySpan<char> rest)
    {
        var quote = '\0';
        for (var (i, depth) = (0, 0); i < rest.Length; i++)
        {
            if (quote != '\0')
            {
                quote = rest[i] == quote ? '\0' : quote;
            }
            else if (rest[i] is '\'' or '"')
            {
                quote = rest[i];
            }
            else if (rest[i] == '[')
            {
                depth++;
            }
            else if (rest[i] == ']' && --depth == 0)
            {
                return i;
            }
        }

        return -1;
    }

    private static IEnumerable<JsonNode> Field(JsonNode node, string name)
    {
        if (name == "*")
        {
            return Children(node);
        }

        return node is JsonObject map && map[name] is { } child ? [child] : [];
    }

    private static IEnumerable<JsonNode> Children(JsonNode node) => node switch
    {
        JsonObject map => map.Select(p => p.Value).OfType<JsonNode>(),
        JsonArray list => list.OfType<JsonNode>(),
        _ => [],
    };

    private static IEnumerable<JsonNode> Subscript(JsonNode node, string inside)
    {
        inside = inside.Trim();
        if (inside == "*")
        {
            return Children(node);
        }

        if (inside.StartsWith("?(", StringComparison.Ordinal) && inside.EndsWith(')'))
        {
            return Children(node).Where(c => Holds(c, inside[2..^1])).ToList();
        }

        if (inside.Length > 1 && inside[0] is '\'' or '"')
        {
            return Field(node, inside[1..^1]);
        }

        if (node is not JsonArray list)
        {
            return [];
        }

        if (inside.Contains(':'))
        {
            var parts = inside.Split(':');
            var from = int.TryParse(parts[0], out var f) ? f : 0;
            var to = int.TryParse(parts[1], out var t) ? t : list.Count;
            from = from < 0 ? from + list.Count : from;
            to = to < 0 ? to + list.Count : to;
            return list.Skip(from).Take(Math.Max(0, to - from)).OfType<JsonNode>();
        }

        if (!int.TryParse(inside, out var index))
        {
            return [];
        }

        index = index < 0 ? index + list.Count : index;
        return index >= 0 && index < list.Count && list[index] is { } item ? [item] : [];
    }

    private static bool Holds(JsonNode item, string condition)
    {
        foreach (var op in (string[])["==", "!=", ">=", "<=", ">", "<"])
        {
            var at = condition.IndexOf(op, StringComparison.Ordinal);
            if (at < 0)
            {
                continue;
            }

            var left = Operand(item, condition[..at].Trim());
            var right = Operand(item, condition[(at + op.Length)..].Trim());
            if (left is null || right is null)
            {
                return op == "!=" && left != right;
            }

            var order = double.TryParse(left, out var l) && double.TryParse(right, out var r) ? l.CompareTo(r) : string.CompareOrdinal(left, right);
            return op switch
            {
                "==" => order == 0,
                "!=" => order != 0,
                ">=" => order >= 0,
                "<=" => order <= 0,
                ">" => order > 0,
                _ => order < 0,
            };
        }

        return Operand(item, condition.Trim()) is not null;
    }

    private static string? Operand(JsonNode item, string text)
    {
        if (text.StartsWith('@'))
        {
            return Select(item, text[1..]) is [var first, ..] ? first.Display() : null;
        }

        return text.Length > 1 && text[0] is '\'' or '"' ? text[1..^1] : text;
    }
}
