using System.Text.Json;
using System.Text.Json.Serialization;

namespace k8s.Models;

public sealed class V1TokenReviewSpec
{
    /// <summary>Audiences of which the token must be for one; the API server's own when empty.</summary>
    [JsonPropertyName("audiences")]
    public IList<string>? Audiences { get; set; }

    [JsonPropertyName("token")]
    public string? Token { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
