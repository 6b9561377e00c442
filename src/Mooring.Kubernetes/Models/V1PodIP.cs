using System.Text.Json;
using System.Text.Json.Serialization;

namespace k8s.Models;

public sealed class V1PodIP
{
    [JsonPropertyName("ip")]
    public string? Ip { get; set; }

    [JsonExtensionData]
    public IDictionary<string, JsonElement>? ExtensionData { get; set; }
}
