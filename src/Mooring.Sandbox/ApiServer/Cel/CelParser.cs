namespace Mooring.Sandbox.KubeApi.Cel;

/// <summary>
/// Parses the part of the Common Expression Language that validation rules use: operators, field access, <c>has</c>, the
/// list macros and the common string and list functions. Anything else is a <see cref="CelUnsupportedException"/>.
/// </summary>
internal sealed class CelParser
{
    private const int MaxDepth = 64;

    private static readonly string[] Macros = ["all", "exists", "exists_one", "filter", "map"];

    /// <summary>From loosest to tightest.</summary>
    private static readonly string[][] Levels =
        [["||"], ["&&"], ["==", "!=", "<", "<=", ">", ">=", "in"], ["+", "-"], ["*", "/", "%"]];

    private readonly List<(string Kind, object? Value)> _tokens;
    private int _at;
    private int _depth;

    private CelParser(string text) => _tokens = CelLexer.Read(text);

    public static CelNode Parse(string text)
    {
        var parser = new CelParser(text);
        var node = parser.Expression();
        return parser.Kind == "end" ? node : throw parser.Unexpected();
    }

    private string Kind => _tokens[_at].Kind;

    private CelNode Expression()
    {
        if (++_depth > MaxDepth)
        {
            throw new CelUnsupportedException("an expression nested this deep");
        }

        var condition = BinaryAt(0);
        if (Take("?"))
        {
            var then = Expression();
            Expect(":");
            condition = new CelNode.Choice(condition, then, Expression());
        }

        _depth--;
        return condition;
    }

    private CelNode BinaryAt(int level)
    {
        if (level == Levels.Length)
        {
            return Unary();
        }

        var left = BinaryAt(level + 1);
        while (Operator(level) is { } op)
        {
            _at++;
            left = new CelNode.Binary(op, left, BinaryAt(level + 1));
        }

        return left;
    }

    private string? Operator(int level)
    {
        var text = Kind == "name" ? (string)_tokens[_at].Value! : Kind;
        return Levels[level].Contains(text) ? text : null;
    }

    private CelNode Unary()
    {
        if (Kind is "!" or "-")
        {
            var op = Kind[0];
            _at++;
            return new CelNode.Unary(op, Unary());
        }

        return Postfix(Primary());
    }

    private CelNode Postfix(CelNode target)
    {
        while (true)
        {
            if (Take("."))
            {
                var name = Name();
                target = Take("(") ? Method(target, name) : new CelNode.Select(target, Unescape(name));
            }
            else if (Take("["))
            {
                target = new CelNode.Index(target, Expression());
                Expect("]");
            }
            else
            {
                return target;
            }
        }
    }

    private CelNode Primary()
    {
        if (Take("("))
        {
            var inner = Expression();
            Expect(")");
            return inner;
        }

        if (Take("["))
        {
            return new CelNode.ListOf(Until("]"));
        }

        if (Kind == "value")
        {
            return new CelNode.Literal(_tokens[_at++].Value);
        }

        var name = Name();
        if (Take("("))
        {
            return Function(name);
        }

        return name switch
        {
            "true" => new CelNode.Literal(true),
            "false" => new CelNode.Literal(false),
            "null" => new CelNode.Literal(null),
            _ => new CelNode.Variable(name),
        };
    }

    private CelNode Function(string name)
    {
        var arguments = Until(")");
        if (name == "has")
        {
            return arguments is [CelNode.Select field] ? new CelNode.Has(field) : throw new CelUnsupportedException("has() of something other than a field");
        }

        CelFunctions.Require(name, arguments.Count, method: false);
        return new CelNode.Call(name, arguments);
    }

    private CelNode Method(CelNode target, string name)
    {
        var arguments = Until(")");
        if (Macros.Contains(name))
        {
            return arguments is [CelNode.Variable variable, var body]
                ? new CelNode.Macro(name, target, variable.Text, body)
                : throw new CelUnsupportedException($"{name}() with other than a variable and an expression");
        }

        CelFunctions.Require(name, arguments.Count + 1, method: true);
        return new CelNode.Call(name, [target, .. arguments]);
    }

    private List<CelNode> Until(string end)
    {
        var items = new List<CelNode>();
        while (!Take(end))
        {
            if (items.Count > 0)
            {
                Expect(",");
                if (Take(end))
                {
                    break;
                }
            }

            items.Add(Expression());
        }

        return items;
    }

    private string Name() => Kind == "name" ? (string)_tokens[_at++].Value! : throw Unexpected();

    private bool Take(string kind)
    {
        if (Kind != kind)
        {
            return false;
        }

        _at++;
        return true;
    }

    private void Expect(string kind)
    {
        if (!Take(kind))
        {
            throw Unexpected();
        }
    }

    private CelUnsupportedException Unexpected() => new($"'{_tokens[_at].Value ?? Kind}' in this place");

    /// <summary>Field names that are not identifiers stand escaped in rules.</summary>
    private static string Unescape(string name) => name
        .Replace("__dot__", ".", StringComparison.Ordinal)
        .Replace("__dash__", "-", StringComparison.Ordinal)
        .Replace("__slash__", "/", StringComparison.Ordinal)
        .Replace("__underscores__", "__", StringComparison.Ordinal) switch
        {
            ['_', '_', .. var keyword, '_', '_'] when keyword is "namespace" or "true" or "false" or "null" or "in" or "for" or "if" or "let" => keyword,
            var plain => plain,
        };
}
