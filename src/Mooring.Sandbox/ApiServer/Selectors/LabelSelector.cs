using Mooring.Sandbox.KubeApi.Errors;

namespace Mooring.Sandbox.KubeApi.Selectors;

/// <summary>A label selector as it stands in a URL: <c>a=b,c!=d,e in (f,g),h notin (i),j,!k,n&gt;3</c>.</summary>
internal sealed class LabelSelector
{
    public static readonly LabelSelector Everything = new([]);

    private readonly List<Requirement> _requirements;

    private LabelSelector(List<Requirement> requirements) => _requirements = requirements;

    public bool IsEverything => _requirements.Count == 0;

    public bool Matches(IReadOnlyDictionary<string, string> labels)
    {
        foreach (var requirement in _requirements)
        {
            if (!requirement.Holds(labels))
            {
                return false;
            }
        }

        return true;
    }

    public static LabelSelector Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return Everything;
        }

        var requirements = new List<Requirement>();
        foreach (var part in Split(text))
        {
            requirements.Add(ParseRequirement(part.Trim(), text));
        }

        return new LabelSelector(requirements);
    }

    private static Requirement ParseRequirement(string part, string whole)
    {
        if (part.StartsWith('!'))
        {
            return new Requirement(Key(part[1..], whole), Operator.DoesNotExist, []);
        }

        if (part.EndsWith(')'))
        {
            var open = part.IndexOf('(');
            var words = open < 0 ? [] : part[..open].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length != 2 || words[1] is not ("in" or "notin"))
            {
                throw Malformed(whole);
            }

            var values = part[(open + 1)..^1].Split(',').Select(v => Value(v, whole)).ToHashSet(StringComparer.Ordinal);
            return new Requirement(Key(words[0], whole), words[1] == "in" ? Operator.In : Operator.NotIn, values);
        }

        foreach (var (text, op) in Operators)
        {
            var at = part.IndexOf(text, StringComparison.Ordinal);
            if (at > 0)
            {
                return new Requirement(Key(part[..at], whole), op, [Value(part[(at + text.Length)..], whole)]);
            }
        }

        return new Requirement(Key(part, whole), Operator.Exists, []);
    }

    /// <summary>In the order in which they must be looked for.</summary>
    private static readonly (string Text, Operator Operator)[] Operators =
    [
        ("!=", Operator.NotIn), ("==", Operator.In), ("=", Operator.In), (">", Operator.GreaterThan), ("<", Operator.LessThan),
    ];

    private static string Key(string text, string whole)
    {
        var key = text.Trim();
        return key.Length > 0 && !key.Any(c => char.IsWhiteSpace(c) || c is '(' or ')' or ',' or '!' or '=') ? key : throw Malformed(whole);
    }

    private static string Value(string text, string whole)
    {
        var value = text.Trim();
        return value.Length <= 63 && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') ? value : throw Malformed(whole);
    }

    private static ApiException Malformed(string text) => ApiError.BadRequest($"unable to parse requirement: found an invalid label selector: \"{text}\"");

    private static IEnumerable<string> Split(string text)
    {
        var (depth, start) = (0, 0);
        for (var i = 0; i < text.Length; i++)
        {
            depth += text[i] switch { '(' => 1, ')' => -1, _ => 0 };
            if (text[i] == ',' && depth == 0)
            {
                yield return text[start..i];
                start = i + 1;
            }
        }

        yield return text[start..];
    }

    private enum Operator
    {
        In,
        NotIn,
        Exists,
        DoesNotExist,
        GreaterThan,
        LessThan,
    }

    private sealed record Requirement(string Key, Operator Operator, HashSet<string> Values)
    {
        public bool Holds(IReadOnlyDictionary<string, string> labels)
        {
            var present = labels.TryGetValue(Key, out var value);
            return Operator switch
            {
                Operator.In => present && Values.Contains(value!),
                Operator.NotIn => !present || !Values.Contains(value!),
                Operator.Exists => present,
                Operator.DoesNotExist => !present,
                Operator.GreaterThan => Compares(value, (a, b) => a > b),
                _ => Compares(value, (a, b) => a < b),
            };
        }

        private bool Compares(string? value, Func<long, long, bool> compare) =>
            long.TryParse(value, out var actual) && long.TryParse(Values.First(), out var bound) && compare(actual, bound);
    }
}
