using System.Text.Json;
using System.Text.Json.Serialization;

namespace k8s.Models;

public sealed class V1ScaleSpec
{
    /// <summary>How many there should be.</summary>
    [JsonPropertyName("replicas")]
    public int? Replicas { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
