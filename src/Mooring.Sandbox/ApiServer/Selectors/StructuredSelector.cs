using System.Text.Json.Nodes;
using Mooring.Sandbox.KubeApi.Json;

namespace Mooring.Sandbox.KubeApi.Selectors;

/// <summary><c>metav1.LabelSelector</c>: <c>matchLabels</c> and <c>matchExpressions</c>.</summary>
internal static class StructuredSelector
{
    public static bool Matches(JsonObject selector, IReadOnlyDictionary<string, string> labels) =>
        (selector.Obj("matchLabels") ?? []).All(l => labels.GetValueOrDefault(l.Key) == l.Value.AsString())
        && (selector.Arr("matchExpressions") ?? []).All(e => Holds(e, labels));

    /// <summary>The selector in the notation of URLs, as the scale subresource reports it.</summary>
    public static string ToText(JsonObject selector)
    {
        var parts = (selector.Obj("matchLabels") ?? []).Select(l => $"{l.Key}={l.Value.AsString()}").ToList();
        foreach (var expression in selector.Arr("matchExpressions") ?? [])
        {
            var key = expression.Str("key");
            var values = string.Join(",", (expression.Arr("values") ?? []).Select(v => v.AsString()));
            parts.Add(expression.Str("operator") switch
            {
                "In" => $"{key} in ({values})",
                "NotIn" => $"{key} notin ({values})",
                "DoesNotExist" => $"!{key}",
                _ => key ?? "",
            });
        }

        return string.Join(",", parts);
    }

    private static bool Holds(JsonNode? expression, IReadOnlyDictionary<string, string> labels)
    {
        var present = labels.TryGetValue(expression.Str("key") ?? "", out var value);
        bool Listed() => (expression.Arr("values") ?? []).Any(v => v.AsString() == value);
        return expression.Str("operator") switch
        {
            "In" => present && Listed(),
            "NotIn" => !present || !Listed(),
            "Exists" => present,
            "DoesNotExist" => !present,
            _ => false,
        };
    }
}
