using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Mooring.Sandbox.KubeApi.Json;

namespace Mooring.Sandbox.KubeApi.Cel;

/// <summary>
/// Values of expressions: null, bool, long, double, string, <see cref="TimeSpan"/>, lists, and JSON objects as maps.
/// </summary>
internal static partial class CelValues
{
    public static object? From(JsonNode? node) => node switch
    {
        null => null,
        JsonObject map => map,
        JsonArray list => list.Select(From).ToList(),
        JsonValue value when value.TryGetValue(out string? text) => text,
        JsonValue value when value.TryGetValue(out bool flag) => flag,
        _ => node.AsLong() is { } whole ? (object)whole : node.AsDouble() ?? 0.0,
    };

    public static new bool Equals(object? left, object? right) => (left, right) switch
    {
        (null, null) => true,
        (long or double, long or double) => Convert.ToDouble(left) == Convert.ToDouble(right),
        (JsonObject a, JsonObject b) => JsonNode.DeepEquals(a, b),
        (IReadOnlyList<object?> a, IReadOnlyList<object?> b) => a.Count == b.Count && a.Zip(b).All(p => Equals(p.First, p.Second)),
        _ => left is not null && left.Equals(right),
    };

    public static int Compare(object? left, object? right) => (left, right) switch
    {
        (long a, long b) => a.CompareTo(b),
        (long or double, long or double) => Convert.ToDouble(left).CompareTo(Convert.ToDouble(right)),
        (string a, string b) => string.CompareOrdinal(a, b),
        (TimeSpan a, TimeSpan b) => a.CompareTo(b),
        (bool a, bool b) => a.CompareTo(b),
        _ => throw new CelException("no such overload: values of different types are compared"),
    };

    public static object? Arithmetic(string op, object? left, object? right)
    {
        try
        {
            return (op, left, right) switch
            {
                ("+", string a, string b) => a + b,
                ("+", IReadOnlyList<object?> a, IReadOnlyList<object?> b) => a.Concat(b).ToList(),
                ("+", TimeSpan a, TimeSpan b) => a + b,
                ("-", TimeSpan a, TimeSpan b) => a - b,
                ("+", long a, long b) => checked(a + b),
                ("-", long a, long b) => checked(a - b),
                ("*", long a, long b) => checked(a * b),
                ("/", long a, long b) => a / b,
                ("%", long a, long b) => a % b,
                ("+", double a, double b) => a + b,
                ("-", double a, double b) => a - b,
                ("*", double a, double b) => a * b,
                ("/", double a, double b) => a / b,
                _ => throw new CelException($"no such overload: {op}"),
            };
        }
        catch (Exception e) when (e is OverflowException or DivideByZeroException)
        {
            throw new CelException(e is OverflowException ? "integer overflow" : "division by zero");
        }
    }

    public static object? Index(object? target, object? key) => (target, key) switch
    {
        (IReadOnlyList<object?> list, long index) => index >= 0 && index < list.Count ? list[(int)index] : throw new CelException($"index out of bounds: {index}"),
        (JsonObject map, string name) => map.TryGetPropertyValue(name, out var value) ? From(value) : throw new CelException($"no such key: {name}"),
        _ => throw new CelException("no such overload: index"),
    };

    /// <summary>A Go duration, such as <c>1h30m</c> or <c>100ms</c>.</summary>
    public static TimeSpan Duration(string text)
    {
        var body = text.TrimStart('-', '+');
        if (body != "0" && !DurationPattern().IsMatch(body))
        {
            throw new CelException($"\"{text}\" is not a duration");
        }

        var total = 0.0;
        foreach (Match part in DurationPart().Matches(body))
        {
            total += double.Parse(part.Groups["n"].ValueSpan, CultureInfo.InvariantCulture) * part.Groups["u"].Value switch
            {
                "h" => 3_600_000,
                "m" => 60_000,
                "s" => 1000,
                "ms" => 1,
                "ns" => 1e-6,
                _ => 1e-3,
            };
        }

        return TimeSpan.FromMilliseconds(text.StartsWith('-') ? -total : total);
    }

    [GeneratedRegex(@"^((\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))+$")]
    private static partial Regex DurationPattern();

    [GeneratedRegex(@"(?<n>\d+(\.\d*)?|\.\d+)(?<u>ns|us|µs|ms|s|m|h)", RegexOptions.ExplicitCapture)]
    private static partial Regex DurationPart();
}
