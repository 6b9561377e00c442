using System.Text.Json;
using System.Text.Json.Serialization;

namespace k8s.Models;

/// <summary>The API server's account of why it refused.</summary>
public sealed class V1Status
{
    [JsonPropertyName("status")]
    public string? Status { get; set; }

    [JsonPropertyName("message")]
    public string? Message { get; set; }

    /// <summary>CamelCase: "NotFound", "Conflict", "Invalid", "Expired".</summary>
    [JsonPropertyName("reason")]
    public string? Reason { get; set; }

    [JsonPropertyName("code")]
    public int? Code { get; set; }

    [JsonPropertyName("details")]
    public V1StatusDetails? Details { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
