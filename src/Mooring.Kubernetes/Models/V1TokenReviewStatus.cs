using System.Text.Json;
using System.Text.Json.Serialization;

namespace k8s.Models;

public sealed class V1TokenReviewStatus
{
    [JsonPropertyName("authenticated")]
    public bool? Authenticated { get; set; }

    /// <summary>Those of the audiences asked for that the token is for. A server that knows no audiences says none.</summary>
    [JsonPropertyName("audiences")]
    public IList<string>? Audiences { get; set; }

    [JsonPropertyName("error")]
    public string? Error { get; set; }

    [JsonPropertyName("user")]
    public V1UserInfo? User { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
