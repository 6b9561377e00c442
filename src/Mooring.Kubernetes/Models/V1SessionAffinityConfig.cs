using System.Text.Json;
using System.Text.Json.Serialization;

namespace k8s.Models;

public sealed class V1SessionAffinityConfig
{
    [JsonPropertyName("clientIP")]
    public V1ClientIPConfig? ClientIP { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
