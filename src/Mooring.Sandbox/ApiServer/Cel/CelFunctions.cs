using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Mooring.Sandbox.KubeApi.Schema;

namespace Mooring.Sandbox.KubeApi.Cel;

/// <summary>The functions and methods that expressions may call.</summary>
internal static class CelFunctions
{
    private static readonly TimeSpan PatternTimeout = TimeSpan.FromMilliseconds(250);

    private static readonly Dictionary<string, int> Functions = new(StringComparer.Ordinal)
    {
        ["size"] = 1, ["string"] = 1, ["int"] = 1, ["double"] = 1, ["duration"] = 1, ["isIP"] = 1, ["isCIDR"] = 1,
    };

    private static readonly Dictionary<string, int> Methods = new(StringComparer.Ordinal)
    {
        ["size"] = 1, ["startsWith"] = 2, ["endsWith"] = 2, ["contains"] = 2, ["matches"] = 2, ["lowerAscii"] = 1, ["upperAscii"] = 1,
        ["trim"] = 1, ["split"] = 2, ["indexOf"] = 2, ["join"] = 2, ["isSorted"] = 1, ["sum"] = 1, ["min"] = 1, ["max"] = 1,
    };

    /// <summary>Refuses an unknown function when the rule is read, not when it is first run.</summary>
    public static void Require(string name, int arguments, bool method)
    {
        if ((method ? Methods : Functions).GetValueOrDefault(name) != arguments)
        {
            throw new CelUnsupportedException($"the function {name}() with {arguments} arguments");
        }
    }

    public static object? Call(string name, IReadOnlyList<object?> arguments) => (name, arguments) switch
    {
        ("size", [string text]) => (long)text.EnumerateRunes().Count(),
        ("size", [IReadOnlyList<object?> list]) => (long)list.Count,
        ("size", [JsonObject map]) => (long)map.Count,
        ("startsWith", [string text, string part]) => text.StartsWith(part, StringComparison.Ordinal),
        ("endsWith", [string text, string part]) => text.EndsWith(part, StringComparison.Ordinal),
        ("contains", [string text, string part]) => text.Contains(part, StringComparison.Ordinal),
        ("indexOf", [string text, string part]) => (long)text.IndexOf(part, StringComparison.Ordinal),
        ("matches", [string text, string pattern]) => Matches(text, pattern),
        ("lowerAscii", [string text]) => text.ToLowerInvariant(),
        ("upperAscii", [string text]) => text.ToUpperInvariant(),
        ("trim", [string text]) => text.Trim(),
        ("split", [string text, string separator]) => text.Split(separator).ToList<object?>(),
        ("join", [IReadOnlyList<object?> list, string separator]) => string.Join(separator, list),
        ("isSorted", [IReadOnlyList<object?> list]) => list.Zip(list.Skip(1)).All(p => CelValues.Compare(p.First, p.Second) <= 0),
        ("sum", [IReadOnlyList<object?> list]) => list.Aggregate((object?)0L, (total, item) => CelValues.Arithmetic("+", total, item)),
        ("min", [IReadOnlyList<object?> { Count: > 0 } list]) => list.Aggregate((a, b) => CelValues.Compare(a, b) <= 0 ? a : b),
        ("max", [IReadOnlyList<object?> { Count: > 0 } list]) => list.Aggregate((a, b) => CelValues.Compare(a, b) >= 0 ? a : b),
        ("string", [string or long or double or bool]) => Convert.ToString(arguments[0], CultureInfo.InvariantCulture)!,
        ("int", [long number]) => number,
        ("int", [double number]) => (long)number,
        ("int", [string text]) => long.TryParse(text, CultureInfo.InvariantCulture, out var parsed) ? parsed : throw new CelException($"\"{text}\" is not an integer"),
        ("double", [long number]) => (double)number,
        ("double", [double number]) => number,
        ("double", [string text]) => double.TryParse(text, CultureInfo.InvariantCulture, out var parsed) ? parsed : throw new CelException($"\"{text}\" is not a number"),
        ("duration", [string text]) => CelValues.Duration(text),
        ("isIP", [string text]) => IPAddress.TryParse(text, out _) && (SchemaFormats.Matches("ipv4", text) || SchemaFormats.Matches("ipv6", text)),
        ("isCIDR", [string text]) => SchemaFormats.Matches("cidr", text),
        _ => throw new CelException($"no such overload: {name}"),
    };

    private static bool Matches(string text, string pattern)
    {
        try
        {
            return Regex.IsMatch(text, pattern, RegexOptions.CultureInvariant, PatternTimeout);
        }
        catch (ArgumentException e)
        {
            throw new CelException($"bad pattern: {e.Message}");
        }
        catch (RegexMatchTimeoutException)
        {
            throw new CelException("the pattern took too long");
        }
    }
}
