using System.Globalization;
using Mooring.Sandbox.KubeApi.Errors;

namespace Mooring.Sandbox.KubeApi.Http;

/// <summary>Reads <c>Accept</c> headers. Protobuf is never spoken; it is passed over when JSON is acceptable too.</summary>
internal static class Negotiation
{
    public const string Supported = "application/json, application/yaml";

    /// <summary>Agrees on a form. Throws 406 when none of those asked for is spoken.</summary>
    public static MediaType Choose(string? accept)
    {
        if (string.IsNullOrWhiteSpace(accept))
        {
            return MediaType.Json;
        }

        foreach (var range in Parse(accept))
        {
            var wildcard = range.Type is "*/*" or "application/*";
            if (range.Type != "application/json" && range.Type != "application/yaml" && !wildcard)
            {
                continue;
            }

            // Of the transformed forms JSON is spoken; a later range usually names plain JSON as well.
            switch (range.Parameters.GetValueOrDefault("as"))
            {
                case null:
                    return range.Type == "application/yaml" ? MediaType.Yaml : MediaType.Json;
                case "Table" when IsMetaV1(range.Parameters) && range.Type != "application/yaml":
                    return MediaType.Table;
                case "PartialObjectMetadata" when IsMetaV1(range.Parameters):
                    return MediaType.PartialMetadata;
                case "PartialObjectMetadataList" when IsMetaV1(range.Parameters):
                    return MediaType.PartialMetadataList;
            }
        }

        throw ApiError.NotAcceptable(Supported);
    }

    /// <summary>Whether a range asks for aggregated discovery of a version this server speaks.</summary>
    public static bool WantsAggregatedDiscovery(string? accept) => Parse(accept ?? "").Any(r =>
        r.Type == "application/json" && r.Parameters.GetValueOrDefault("g") == "apidiscovery.k8s.io"
        && r.Parameters.GetValueOrDefault("v") == "v2" && r.Parameters.GetValueOrDefault("as") == "APIGroupDiscoveryList");

    public static bool Accepts(string? accept, string type) =>
        string.IsNullOrWhiteSpace(accept) || Parse(accept).Any(r => r.Type == type || r.Type is "*/*" or "application/*");

    private static bool IsMetaV1(Dictionary<string, string> parameters) =>
        parameters.GetValueOrDefault("g") == "meta.k8s.io" && parameters.GetValueOrDefault("v") == "v1";

    private static IEnumerable<(string Type, Dictionary<string, string> Parameters)> Parse(string accept) => accept
        .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Select(range =>
        {
            var parts = range.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            var parameters = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var part in parts.Skip(1))
            {
                var pair = part.Split('=', 2);
                parameters[pair[0]] = pair.Length == 2 ? pair[1].Trim('"') : "";
            }

            return (Type: parts.Length == 0 ? "" : parts[0].ToLowerInvariant(), Parameters: parameters);
        })
        .Where(r => Quality(r.Parameters) > 0)
        .OrderByDescending(r => Quality(r.Parameters));

    private static double Quality(Dictionary<string, string> parameters) =>
        parameters.TryGetValue("q", out var text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var q) ? q : 1;
}
